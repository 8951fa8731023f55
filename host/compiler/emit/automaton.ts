// Automata as code: a function that gives the next state for a byte, and one that runs it over a text. No tables, since a module has
// no data: states are the cases of a switch, bytes are distinguished by ranges. `regex "a[0-9]+"` compiles to
//
//   function automaton(state: u32, byte: u32): u32 {
//     switch (state) {
//       case 0: return byte == 97 ? 1 : 4;
//       case 1: return byte - 48 <= 9 ? 2 : 4;
//       case 2: return byte - 48 <= 9 ? 2 : 4;
//     }
//     return state;
//   }
//
//   function automaton_matches(text: u64): bool {
//     if (text == 0) return false;
//     const state = automaton_over(0, text);
//     return state == 2;
//   }

import { type Automaton, readingCase } from '../automata/automaton.ts';
import type { TextMatch, TextValue } from '../ir/text.ts';
import { callFunction, type Value } from '../ir/value.ts';
import type { Functions } from './functions.ts';
import { emitSwitch } from './switch.ts';

export type AutomatonMatch = Extract<TextMatch, { op: 'automaton' }>;

/** An automaton whose states are numbered so that those that can still change come first. */
export interface EmittedAutomaton {
  readonly name: string;
  readonly automaton: Automaton;
  /** States from this number on never change again: the first one accepts (`live`), the other one refuses (`live + 1`). */
  readonly live: number;
  /** Number of a state in the code. */
  readonly number: readonly number[];
}

/**
 * The test of a text in memory.
 * @param first a function that tests the text, and holds of each that matches: the automaton takes a byte in 3 ns, a search 16 in 1 ns
 */
export function automatonOver(
  text: TextValue,
  match: AutomatonMatch,
  first: string | undefined,
  functions: Functions,
): Value {
  const emitted = emitAutomaton(match.title, match.automaton, text.case, functions);
  const over = emitRun(emitted, functions);
  const whole = functions.define(`whole:${emitted.name}:${first ?? ''}`, `${emitted.name}_matches`, (name) =>
    [
      `function ${name}(text: u64): bool {`,
      first === undefined ? '  if (text == 0) return false;' : `  if (!${first}(text)) return false;`,
      `  const state = ${over}(${emitted.number[emitted.automaton.start] ?? 0}, text);`,
      `  return ${acceptance(emitted, 'state')};`,
      '}',
    ].join('\n'),
  );
  return callFunction(whole, text.value);
}

/** Whether the state that `state` holds accepts: `state == 2 || (state >= 5 && state <= 7)`. */
export function acceptance(emitted: EmittedAutomaton, state: string): string {
  const accepting = emitted.automaton.accepting.flatMap((accepts, index) =>
    accepts ? [emitted.number[index] ?? 0] : [],
  );
  const runs: [number, number][] = [];
  for (const number of [...new Set(accepting)].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else runs.push([number, number]);
  }
  if (runs.length === 0) return 'false';
  return runs
    .map(([low, high]) => (low === high ? `${state} == ${low}` : `(${state} >= ${low} && ${state} <= ${high})`))
    .join(' || ');
}

/** Function `(state, byte) -> state`. */
export function emitAutomaton(
  title: string,
  plain: Automaton,
  reading: 'lower' | 'upper' | undefined,
  functions: Functions,
): EmittedAutomaton {
  const automaton = reading ? readingCase(plain, reading) : plain;
  const absorbing = automaton.next.map((row, state) => row.every((next) => next === state));
  const live = absorbing.filter((absorbs) => !absorbs).length;
  let count = 0;
  // Live accepting states last, so that acceptance is one range.
  const order = automaton.next.map((_, state) => state).filter((state) => !absorbing[state]);
  order.sort((a, b) => Number(automaton.accepting[a]) - Number(automaton.accepting[b]) || a - b);
  const number = new Array<number>(automaton.next.length).fill(0);
  for (const state of order) number[state] = count++;
  absorbing.forEach((absorbs, state) => {
    if (absorbs) number[state] = automaton.accepting[state] ? live : live + 1;
  });
  const cases = order.map((state) => ({
    values: [number[state] ?? 0],
    lines: [`return ${transition(automaton.next[state] ?? new Uint16Array(), number)};`],
  }));
  const key = `automaton:${reading ?? ''}:${automaton.next.map((row) => row.join()).join(';')}:${automaton.accepting.join()}`;
  const name = functions.define(key, 'automaton', (unique) =>
    [
      `// ${title}`,
      `function ${unique}(state: u32, byte: u32): u32 {`,
      ...emitSwitch('state', cases).map((line) => `  ${line}`),
      '  return state;',
      '}',
    ].join('\n'),
  );
  return { name, automaton, live, number };
}

/** The next state as an expression of `byte`: a chain of `byte == 97 ? 1 : 4`, or a search where there are many ranges. */
function transition(row: Uint16Array, number: readonly number[]): string {
  const ranges: { low: number; high: number; to: number }[] = [];
  row.forEach((state, value) => {
    const to = number[state] ?? 0;
    const last = ranges.at(-1);
    if (last && last.to === to) last.high = value;
    else ranges.push({ low: value, high: value, to });
  });
  const weight = new Map<number, number>();
  for (const { low, high, to } of ranges) weight.set(to, (weight.get(to) ?? 0) + high - low + 1);
  const usual = [...weight].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 0;
  const exceptions = ranges.filter(({ to }) => to !== usual);
  if (exceptions.length <= 4) {
    return exceptions.map(({ low, high, to }) => `${within(low, high)} ? ${to} : `).join('') + usual;
  }
  const search = (from: number, to: number): string => {
    if (to - from === 1) return `${ranges[from]?.to ?? 0}`;
    const middle = (from + to) >> 1;
    return `byte < ${ranges[middle]?.low ?? 0} ? (${search(from, middle)}) : (${search(middle, to)})`;
  };
  return search(0, ranges.length);
}

function within(low: number, high: number): string {
  if (low === high) return `byte == ${low}`;
  if (low === 0) return `byte <= ${high}`;
  return high === 255 ? `byte >= ${low}` : `byte - ${low} <= ${high - low}`;
}

/**
 * Function `(state, text) -> state` that reads a whole text, stopping where the state can't change any more:
 *
 *   const end = addressOf(text) + lengthOf(text);
 *   for (let at = addressOf(text); at < end && state < 3; ++at) state = automaton(state, load<u8>(at));
 *   return state;
 */
export function emitRun(emitted: EmittedAutomaton, functions: Functions): string {
  functions.names('addressOf', 'lengthOf');
  return functions.define(`run:${emitted.name}`, `${emitted.name}_over`, (name) =>
    [
      `function ${name}(state: u32, text: u64): u32 {`,
      '  const end = addressOf(text) + lengthOf(text);',
      `  for (let at = addressOf(text); at < end && state < ${emitted.live}; ++at) state = ${emitted.name}(state, load<u8>(at));`,
      '  return state;',
      '}',
    ].join('\n'),
  );
}
