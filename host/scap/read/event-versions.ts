// Events of older versions of libs: their types and parameters become those of this version. Enter events had arguments that exits lacked.

import { NOTHING } from '../format/calls.ts';
import { scapType } from '../format/event-table.ts';
import type { RawEvent } from './raw-event.ts';

/** An old exit's type, that of this version, and its parameters: `0` of the exit, `e0` of the enter event, `-` empty. */
const CHANGES = `
103 307 0,e0,e1,e2,e3
27 247 0,1,2
57 389 0,1,2,-,-,e0
249 389 0,1,2,3,4,e0
105 309 0,e0,e1
107 311 0,e0,e1,e2,e3,-
109 301 0,e0
111 303 0,e0,e1,-
99 277 0,e0,e1
101 279 0,e0
125 367 0,e0
297 369 0,e0
259 387 0,1
13 293 0,1,2,3,4,5,6,7,-,-,-,-,-,-,-,-
155 293 0,1,2,3,4,5,6,7,8,9,10,11,12,-,-,-
173 293 0,1,2,3,4,5,6,7,8,9,10,11,12,-,-,13
215 293 0,1,2,3,4,5,6,7,8,9,10,11,12,13,-,14
231 293 *
283 293 *
289 293 *
15 223 *
157 223 0,1,2,3,4,5,6,7,8,9,10,11,12,-,-,13,14,15
217 223 0,1,2,3,4,5,6,7,8,9,10,11,12,13,-,14,15,16
183 225 0,1,2,3,4,5,6,7,8,9,10,11,12,-,-,13,14,15
219 225 0,1,2,3,4,5,6,7,8,9,10,11,12,13,-,14,15,16
185 227 0,1,2,3,4,5,6,7,8,9,10,11,12,-,-,13,14,15
221 227 0,1,2,3,4,5,6,7,8,9,10,11,12,13,-,14,15,16
16 186 *
228 324 *
272 324 *
`;

interface Change {
  readonly type: number;
  /** Undefined: as they are. */
  readonly sources: readonly string[] | undefined;
}

const BY_OLD_TYPE = new Map<number, Change>();
for (const line of CHANGES.trim().split('\n')) {
  const [old, type, sources] = line.split(' ');
  BY_OLD_TYPE.set(Number(old), { type: Number(type), sources: sources === '*' ? undefined : sources?.split(',') });
}

/** The enter event of execve has its last parameter; those of the others, what comes after the result. */
const EXECVE = 293;

/**
 * The event as this version has it, which may lack its last parameters.
 * @param entered the parameters of the call's enter event
 */
export function currentEvent(raw: RawEvent, entered: readonly Uint8Array[] | undefined): RawEvent {
  const change = BY_OLD_TYPE.get(raw.type);
  if (change) {
    const parameters = change.sources?.map((source) => parameterOf(source, raw.parameters, entered));
    return { ...raw, type: change.type, parameters: parameters ?? raw.parameters };
  }
  if (!entered || raw.type % 2 === 0) return raw;
  return { ...raw, parameters: completed(raw, entered) };
}

function parameterOf(
  source: string,
  parameters: readonly Uint8Array[],
  entered: readonly Uint8Array[] | undefined,
): Uint8Array {
  if (source === '-') return NOTHING;
  const found = source.startsWith('e') ? entered?.[Number(source.slice(1))] : parameters[Number(source)];
  return found ?? NOTHING;
}

/** Puts the enter event's parameters behind the exit's: at once, or so that they end with the last one of this version. */
function completed({ type, parameters }: RawEvent, entered: readonly Uint8Array[]): readonly Uint8Array[] {
  const most = scapType(type)?.parameters.length ?? 0;
  if (parameters.length >= most) return parameters;
  const behind = parameters.length + entered.length <= most && type !== EXECVE;
  const from = behind ? parameters.length : most - entered.length;
  const all = Array.from({ length: most }, (_, index) => parameters[index] ?? NOTHING);
  for (const [index, bytes] of entered.entries()) {
    if (from + index >= parameters.length && from + index < most) all[from + index] = bytes;
  }
  return all;
}
