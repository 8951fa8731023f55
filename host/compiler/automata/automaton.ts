// Patterns as minimal deterministic automata: Thompson's construction, subset construction over classes of bytes, Hopcroft's minimisation
// (equal-states.ts).

import { groupsOfEqualStates } from './equal-states.ts';
import type { ByteRange, Pattern } from './pattern.ts';

/** A total deterministic automaton over bytes. */
export interface Automaton {
  readonly start: number;
  /** Whether each state accepts. */
  readonly accepting: readonly boolean[];
  /** 256 next states of each state. */
  readonly next: readonly Uint16Array[];
}

/** More states than this make a module too large (a state is about 40 bytes of code), and a rule too slow to compile. */
export const MAX_STATES = 1_500;

/** The pattern needs too many states. */
export class AutomatonTooLargeError extends Error {
  override readonly name = 'AutomatonTooLargeError';
}

interface Nfa {
  readonly ranges: (readonly ByteRange[] | undefined)[];
  readonly target: number[];
  readonly empty: number[][];
}

/** NFA states of a pattern: its first one is returned, its last one is `end`. Gives up past 20 times the limit. */
function build(nfa: Nfa, pattern: Pattern, end: number): number {
  const add = (ranges: readonly ByteRange[] | undefined, target: number, empty: number[]): number => {
    if (nfa.target.length > 20 * MAX_STATES) throw new AutomatonTooLargeError('the pattern is too large');
    nfa.ranges.push(ranges);
    nfa.target.push(target);
    nfa.empty.push(empty);
    return nfa.target.length - 1;
  };
  switch (pattern.kind) {
    case 'byte':
      return add(pattern.ranges, end, []);
    case 'sequence':
      return pattern.parts.reduceRight((after, part) => build(nfa, part, after), end);
    case 'choice':
      return add(
        undefined,
        0,
        pattern.parts.map((part) => build(nfa, part, end)),
      );
    case 'repeat': {
      let after = end;
      if (pattern.most === Number.POSITIVE_INFINITY) {
        const links = [end];
        after = add(undefined, 0, links);
        links.push(build(nfa, pattern.part, after));
      } else {
        for (let count = pattern.least; count < pattern.most; count++) {
          after = add(undefined, 0, [end, build(nfa, pattern.part, after)]);
        }
      }
      for (let count = 0; count < pattern.least; count++) after = build(nfa, pattern.part, after);
      return after;
    }
  }
}

/** Classes of bytes that no range distinguishes: a representative each, and the class of every byte. */
function classes(nfa: Nfa): { of: Uint8Array; representatives: number[] } {
  const starts = new Set([0]);
  for (const ranges of nfa.ranges) {
    for (const [low, high] of ranges ?? []) {
      starts.add(low);
      if (high < 255) starts.add(high + 1);
    }
  }
  const representatives = [...starts].sort((a, b) => a - b);
  const of = new Uint8Array(256);
  let current = -1;
  for (let value = 0; value < 256; value++) {
    if (representatives[current + 1] === value) current++;
    of[value] = current;
  }
  return { of, representatives };
}

function closure(nfa: Nfa, states: readonly number[]): number[] {
  const seen = new Set(states);
  const stack = [...states];
  for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
    for (const next of nfa.empty[state] ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      stack.push(next);
    }
  }
  return [...seen].sort((a, b) => a - b);
}

/**
 * The minimal automaton of a pattern.
 * @throws AutomatonTooLargeError past MAX_STATES states
 */
export function automatonOf(pattern: Pattern, ignoreCase = false): Automaton {
  const nfa: Nfa = { ranges: [undefined], target: [0], empty: [[]] };
  const first = build(nfa, ignoreCase ? withBothCases(pattern) : pattern, 0);
  const { of, representatives } = classes(nfa);
  const numbers = new Map<string, number>();
  const sets: number[][] = [];
  const rows: number[][] = [];
  const number = (states: number[]): number => {
    const key = states.join(' ');
    let known = numbers.get(key);
    if (known === undefined) {
      // Minimising may bring it below the limit again, hence the factor.
      if (sets.length >= 2 * MAX_STATES) throw new AutomatonTooLargeError(`more than ${MAX_STATES} states`);
      known = sets.length;
      numbers.set(key, known);
      sets.push(states);
    }
    return known;
  };
  number(closure(nfa, [first]));
  for (let index = 0; index < sets.length; index++) {
    const states = sets[index] ?? [];
    rows.push(
      representatives.map((value) => {
        const targets = states.filter((state) =>
          nfa.ranges[state]?.some(([low, high]) => value >= low && value <= high),
        );
        return number(closure(nfa, [...new Set(targets.map((state) => nfa.target[state] ?? 0))]));
      }),
    );
  }
  const accepting = sets.map((states) => states[0] === 0);
  return minimal(
    accepting,
    rows.map((row) => Uint16Array.from({ length: 256 }, (_, value) => row[of[value] ?? 0] ?? 0)),
    representatives,
  );
}

/** The minimal automaton of one whose start state is 0. Bytes between two representatives lead to the same states. */
export function minimal(
  accepting: readonly boolean[],
  next: readonly Uint16Array[],
  representatives: readonly number[],
): Automaton {
  const group = groupsOfEqualStates(
    accepting,
    next.map((row) => representatives.map((value) => row[value] ?? 0)),
    representatives.length,
  );
  const members: number[] = [];
  group.forEach((number, state) => {
    members[number] ??= state;
  });
  if (members.length > MAX_STATES) throw new AutomatonTooLargeError(`${members.length} states, at most ${MAX_STATES}`);
  return {
    start: 0,
    accepting: members.map((state) => accepting[state] ?? false),
    next: members.map((state) => (next[state] ?? new Uint16Array(256)).map((to) => group[to] ?? 0)),
  };
}

/** ASCII letters match in both cases. */
function withBothCases(pattern: Pattern): Pattern {
  switch (pattern.kind) {
    case 'byte': {
      const more = pattern.ranges.flatMap(([low, high]) => [
        shifted(low, high, 0x41, 0x20),
        shifted(low, high, 0x61, -0x20),
      ]);
      return { kind: 'byte', ranges: [...pattern.ranges, ...more.filter(([low, high]) => low <= high)] };
    }
    case 'sequence':
    case 'choice':
      return { kind: pattern.kind, parts: pattern.parts.map(withBothCases) };
    case 'repeat':
      return { ...pattern, part: withBothCases(pattern.part) };
  }
}

/** The letters from `first` on that lie in a range, in the other case. */
function shifted(low: number, high: number, first: number, by: number): ByteRange {
  return [Math.max(low, first) + by, Math.min(high, first + 25) + by];
}

/** Whether the automaton accepts the bytes, given as characters 0-255. */
export function accepts(automaton: Automaton, bytes: string): boolean {
  return automaton.accepting[run(automaton, automaton.start, bytes)] ?? false;
}

/** The state after the bytes. */
export function run(automaton: Automaton, state: number, bytes: string): number {
  let current = state;
  for (let index = 0; index < bytes.length; index++) {
    current = automaton.next[current]?.[bytes.charCodeAt(index)] ?? 0;
  }
  return current;
}

/** The automaton that reads its input in lower or upper case. */
export function readingCase(automaton: Automaton, to: 'lower' | 'upper'): Automaton {
  const [first, shift] = to === 'lower' ? [0x41, 0x20] : [0x61, -0x20];
  const next = automaton.next.map((row) =>
    row.map((state, value) => (value >= first && value < first + 26 ? (row[value + shift] ?? state) : state)),
  );
  return { ...automaton, next };
}
