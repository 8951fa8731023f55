// Several events of one call, as the export writes them: an open first with the path as passed, then with each further one of the file that
// the kernel opened; a call on an open file first with the file's other path, then with its own; or as the call, then as the one whose work
// it does. They become one record.

import { encodeStruct } from '../../schema/encode-struct.ts';
import { EVENT_HEADER, EVENT_STRUCTS } from '../../schema/event-structs.ts';
import { EVENT_TYPES } from '../../schema/events/index.ts';
import { member } from '../../schema/layout.ts';
import { viewOf } from '../format/blocks.ts';
import { memberInputs } from '../format/record-members.ts';

const TYPE = member(EVENT_HEADER, 'type').offset;
const TIME = member(EVENT_HEADER, 'time').offset;
const TID = member(EVENT_HEADER, 'tid').offset;
const RESULT = member(EVENT_HEADER, 'result').offset;

const NUMBERS = new Map(EVENT_TYPES.map(({ name, number }) => [name, number]));
const SHAPES = new Map(EVENT_TYPES.map(({ number, shape }) => [number, shape]));
/** The capture itself makes the second view of these. */
const ALSO: ReadonlyMap<number | undefined, number | undefined> = new Map(
  [
    ['open_by_handle_at', 'openat'],
    ['sendmmsg', 'sendmsg'],
    ['recvmmsg', 'recvmsg'],
  ].map(([call = '', other = '']) => [NUMBERS.get(call), NUMBERS.get(other)]),
);

/**
 * Both in one record; undefined if they are not of one call.
 * @param merged how many were put into the first one before
 */
export function mergeViews(first: Uint8Array, second: Uint8Array, merged: number): Uint8Array | undefined {
  const [one, other] = [viewOf(first), viewOf(second)];
  const isSameCall =
    one.getBigUint64(TIME, true) === other.getBigUint64(TIME, true) &&
    one.getUint32(TID, true) === other.getUint32(TID, true) &&
    one.getBigInt64(RESULT, true) === other.getBigInt64(RESULT, true);
  if (!isSameCall) return undefined;
  const [type, otherType] = [one.getUint16(TYPE, true), other.getUint16(TYPE, true)];
  if (ALSO.get(type) === otherType) return first;
  if (otherType !== type) return undefined;
  switch (SHAPES.get(type)) {
    case 'open': {
      if (one.getBigInt64(RESULT, true) < 0n) return undefined;
      const { resolved } = memberInputs(EVENT_STRUCTS.open, second);
      const further = merged === 0 ? { resolved } : merged === 1 ? { elsewhere: resolved } : {};
      return encodeStruct(EVENT_STRUCTS.open, { ...memberInputs(EVENT_STRUCTS.open, first), ...further });
    }
    case 'descriptor': {
      const { resolved: elsewhere } = memberInputs(EVENT_STRUCTS.descriptor, first);
      return encodeStruct(EVENT_STRUCTS.descriptor, { ...memberInputs(EVENT_STRUCTS.descriptor, second), elsewhere });
    }
    default:
      return undefined;
  }
}
