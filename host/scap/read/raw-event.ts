// An event as it lies in a savefile: its header, and the bytes of its parameters.

import { type Block, EVENT_HEADER_BYTES, STATE_ONLY, viewOf } from '../format/blocks.ts';
import { ScapError } from '../format/error.ts';
import { LARGE_TYPES, scapType } from '../format/event-table.ts';

/** An event as it lies in the file. */
export interface RawEvent {
  readonly time: bigint;
  /** Thread id in the initial pid namespace; 0 for an event of no thread. */
  readonly tid: number;
  readonly cpu: number;
  readonly type: number;
  /** It updates the state, and no rule sees it. */
  readonly stateOnly: boolean;
  readonly parameters: readonly Uint8Array[];
}

/** Without the number of parameters. */
const OLD_HEADER_BYTES = 22;

/** Parameters at most, as in libs. */
const MOST_PARAMETERS = 32;

const OLD: ReadonlySet<number> = new Set([0x204, 0x208, 0x8010abcd]);
const FLAGGED: ReadonlySet<number> = new Set([0x208, 0x217, 0x222]);

/** @throws {ScapError} */
export function readRawEvent({ type: block, body }: Block): RawEvent {
  const start = FLAGGED.has(block) ? 6 : 2;
  const headerBytes = OLD.has(block) ? OLD_HEADER_BYTES : EVENT_HEADER_BYTES;
  if (body.length < start + headerBytes) throw new ScapError('SCAP_EVENT', 'an event is shorter than its header');
  const whole = viewOf(body);
  const view = viewOf(body.subarray(start));
  const length = view.getUint32(16, true);
  const type = view.getUint16(20, true);
  if (length < headerBytes || length > view.byteLength) {
    throw new ScapError('SCAP_EVENT', `an event of type ${type} has a length of ${length}`);
  }
  const bytes = body.subarray(start, start + length);
  return {
    cpu: whole.getUint16(0, true),
    stateOnly: start === 6 && (whole.getUint32(2, true) & STATE_ONLY) !== 0,
    time: view.getBigUint64(0, true),
    tid: Math.max(Number(BigInt.asIntN(48, view.getBigInt64(8, true))), 0),
    type,
    parameters: OLD.has(block)
      ? readParameters(bytes, type, OLD_HEADER_BYTES, guessedCount(bytes, type))
      : readParameters(bytes, type, EVENT_HEADER_BYTES, view.getUint32(22, true)),
  };
}

/** Time of an event, whose block is long enough for its header. */
export function timeOf({ type, body }: Block): bigint {
  return viewOf(body).getBigUint64(FLAGGED.has(type) ? 6 : 2, true);
}

/** Old events do not say how many parameters they have: the largest number that fits, up to that of this version. */
function guessedCount(bytes: Uint8Array, type: number): number {
  const view = viewOf(bytes);
  const step = LARGE_TYPES.has(type) ? 4 : 2;
  for (let count = Math.max(scapType(type)?.parameters.length ?? 0, MOST_GUESSED); count >= 0; count--) {
    const lengths = OLD_HEADER_BYTES + step * count;
    if (lengths > bytes.length) continue;
    let sum = lengths;
    for (let index = 0; index < count; index++) sum += lengthAt(view, OLD_HEADER_BYTES, step, index);
    if (sum === bytes.length) return count;
  }
  return 0;
}

/** More than the enter events of that time had. */
const MOST_GUESSED = 20;

function readParameters(bytes: Uint8Array, type: number, from: number, count: number): Uint8Array[] {
  const view = viewOf(bytes);
  const step = LARGE_TYPES.has(type) ? 4 : 2;
  const parameters: Uint8Array[] = [];
  let at = from + step * count;
  if (count > MOST_PARAMETERS || at > bytes.length)
    throw new ScapError('SCAP_EVENT', `an event of type ${type} has ${count} parameters`);
  for (let index = 0; index < count; index++) {
    const end = at + lengthAt(view, from, step, index);
    if (end > bytes.length) {
      throw new ScapError(
        'SCAP_EVENT',
        `parameter ${index} of an event of type ${type} is longer than the rest of the event`,
      );
    }
    parameters.push(bytes.subarray(at, end));
    at = end;
  }
  return parameters;
}

function lengthAt(view: DataView, from: number, step: number, index: number): number {
  const at = from + step * index;
  return step === 4 ? view.getUint32(at, true) : view.getUint16(at, true);
}
