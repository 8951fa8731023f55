// An automaton over valid UTF-8, made to read any bytes: each longest piece that can't be a part of UTF-8 counts as U+FFFD, as the
// WHATWG's decoder has it.

import { type Automaton, AutomatonTooLargeError, MAX_STATES, minimal, run } from './automaton.ts';

const REPLACEMENT = '\xef\xbf\xbd';

/** Where the decoder is: bytes that may come next, and what is left after them. Phase 0: between code points. */
const PHASES: readonly { readonly low: number; readonly high: number; readonly after: number }[] = [
  { low: 0, high: 0, after: 0 },
  { low: 0x80, high: 0xbf, after: 0 },
  { low: 0x80, high: 0xbf, after: 1 },
  { low: 0x80, high: 0xbf, after: 2 },
  { low: 0xa0, high: 0xbf, after: 1 },
  { low: 0x80, high: 0x9f, after: 1 },
  { low: 0x90, high: 0xbf, after: 2 },
  { low: 0x80, high: 0x8f, after: 2 },
];
const BOUNDARIES = [0, 0x80, 0x90, 0xa0, 0xc0, 0xc2, 0xe0, 0xe1, 0xed, 0xee, 0xf0, 0xf1, 0xf4, 0xf5];

/** The phase after a byte between code points; undefined if it begins no code point. */
function phaseAfter(byte: number): number | undefined {
  if (byte < 0x80) return 0;
  if (byte < 0xc2 || byte > 0xf4) return undefined;
  if (byte < 0xe0) return 1;
  if (byte === 0xe0) return 4;
  if (byte === 0xed) return 5;
  if (byte < 0xf0) return 2;
  if (byte === 0xf0) return 6;
  return byte === 0xf4 ? 7 : 3;
}

interface State {
  /** State of the automaton after the bytes so far, and at the last boundary between code points. */
  readonly at: number;
  readonly boundary: number;
  readonly phase: number;
}

export function replacingInvalid(automaton: Automaton): Automaton {
  const replaced = (state: number): number => run(automaton, state, REPLACEMENT);
  const step = ({ at, boundary, phase }: State, byte: number): State => {
    const expected = PHASES[phase];
    if (phase !== 0 && expected) {
      const next = automaton.next[at]?.[byte] ?? 0;
      if (byte >= expected.low && byte <= expected.high) {
        return { at: next, boundary: expected.after === 0 ? next : boundary, phase: expected.after };
      }
      const restart = replaced(boundary);
      return step({ at: restart, boundary: restart, phase: 0 }, byte);
    }
    const begun = phaseAfter(byte);
    if (begun === undefined) {
      const after = replaced(at);
      return { at: after, boundary: after, phase: 0 };
    }
    const next = automaton.next[at]?.[byte] ?? 0;
    return { at: next, boundary: begun === 0 ? next : at, phase: begun };
  };
  const numbers = new Map<string, number>();
  const states: State[] = [];
  const number = (state: State): number => {
    const key = `${state.at} ${state.boundary} ${state.phase}`;
    let known = numbers.get(key);
    if (known === undefined) {
      if (states.length >= 8 * MAX_STATES) throw new AutomatonTooLargeError(`more than ${MAX_STATES} states`);
      known = states.length;
      numbers.set(key, known);
      states.push(state);
    }
    return known;
  };
  number({ at: automaton.start, boundary: automaton.start, phase: 0 });
  const next: Uint16Array[] = [];
  for (let index = 0; index < states.length; index++) {
    const state = states[index];
    if (state) next.push(Uint16Array.from({ length: 256 }, (_, byte) => number(step(state, byte))));
  }
  const accepting = states.map(
    ({ at, boundary, phase }) => automaton.accepting[phase === 0 ? at : replaced(boundary)] ?? false,
  );
  return minimal(accepting, next, representatives(automaton));
}

/** One byte of each group that neither the automaton nor the decoder distinguishes. */
function representatives({ next }: Automaton): number[] {
  const starts = new Set(BOUNDARIES);
  for (const row of next) {
    for (let value = 1; value < 256; value++) if (row[value] !== row[value - 1]) starts.add(value);
  }
  return [...starts].sort((a, b) => a - b);
}
