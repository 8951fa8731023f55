// Events as they lie in a savefile.

import { joined, upToNul } from '../format/addresses.ts';
import { BLOCK, EVENT_HEADER_BYTES, encodeBlock, STATE_ONLY, viewOf } from '../format/blocks.ts';
import { NOTHING } from '../format/calls.ts';
import { LARGE_TYPES, PARAMETER_BYTES, type ScapParameter, type ScapType } from '../format/event-table.ts';

/** Value of a parameter: numbers as numbers, texts without their NUL, all else as its bytes. */
export type Value = number | bigint | Uint8Array | undefined;
export type Values = Readonly<Record<string, Value>>;

export interface WrittenEvent {
  readonly type: ScapType;
  /** ns since the epoch. */
  readonly time: bigint;
  /** -1: of no thread. */
  readonly tid: number;
  readonly cpu: number;
  /** Values by name. Numbers that are missing are 0, all else is empty: not known. */
  readonly values: Values;
  /** It updates the reader's state, and no rule sees it. */
  readonly stateOnly: boolean;
}

/** Lengths of parameters have 16 bits; a block's limit is 64 K as well. */
const LONGEST = 0x7000;

/** The block of an event. */
export function encodeEvent(event: WrittenEvent): Uint8Array {
  const { type, stateOnly } = event;
  const isLarge = LARGE_TYPES.has(type.number);
  const parameters = type.parameters.map((parameter) =>
    encodeParameter(parameter, event.values[parameter.name], isLarge),
  );
  const step = isLarge ? 4 : 2;
  const lengths = new Uint8Array(step * parameters.length);
  const lengthView = viewOf(lengths);
  for (const [index, { length }] of parameters.entries()) {
    if (isLarge) lengthView.setUint32(step * index, length, true);
    else lengthView.setUint16(step * index, length, true);
  }
  const before = new Uint8Array(stateOnly ? 6 : 2);
  viewOf(before).setUint16(0, event.cpu, true);
  if (stateOnly) viewOf(before).setUint32(2, STATE_ONLY, true);
  const header = new Uint8Array(EVENT_HEADER_BYTES);
  const view = viewOf(header);
  view.setBigUint64(0, event.time, true);
  view.setBigInt64(8, BigInt(event.tid), true);
  view.setUint32(
    16,
    parameters.reduce((sum, { length }) => sum + length, EVENT_HEADER_BYTES + lengths.length),
    true,
  );
  view.setUint16(20, type.number, true);
  view.setUint32(22, parameters.length, true);
  return encodeBlock(blockType(isLarge, stateOnly), joined([before, header, lengths, ...parameters]));
}

function blockType(isLarge: boolean, stateOnly: boolean): number {
  if (isLarge) return stateOnly ? BLOCK.FLAGGED_LARGE_EVENT : BLOCK.LARGE_EVENT;
  return stateOnly ? BLOCK.FLAGGED_EVENT : BLOCK.EVENT;
}

function encodeParameter({ name, type }: ScapParameter, value: Value, isLarge: boolean): Uint8Array {
  const size = PARAMETER_BYTES[type];
  if (size === undefined) {
    if (value === undefined) return NOTHING;
    if (!(value instanceof Uint8Array)) throw new Error(`the parameter ${name} takes bytes`);
    const bytes = isLarge ? value : value.subarray(0, LONGEST);
    return isText(type) ? joined([upToNul(bytes), Uint8Array.of(0)]) : bytes;
  }
  if (value instanceof Uint8Array) throw new Error(`the parameter ${name} takes a number`);
  const bytes = new Uint8Array(8);
  viewOf(bytes).setBigUint64(0, BigInt.asUintN(64, BigInt(value ?? 0)), true);
  return bytes.subarray(0, size);
}

function isText(type: ScapParameter['type']): boolean {
  return type === 'charbuf' || type === 'fspath' || type === 'fsrelpath';
}
