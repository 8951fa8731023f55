// Shortens a state that is too long for its block, the least important parts first, and says what it left out.

import type { ProcessState, State } from './state.ts';

/** Bytes of the state as JSON. A block has 4 MB at most. */
export const MOST_STATE_BYTES = 3 << 20;
/** Characters of all arguments of a process. */
const SHORT_ARGUMENTS = 256;
const FEW_VARIABLES = 16;

interface Step {
  readonly sentence: string;
  readonly shorten: (state: State) => State;
}

const ofEach =
  (change: (process: ProcessState) => ProcessState) =>
  (state: State): State => ({ ...state, processes: state.processes.map(change) });

const STEPS: readonly Step[] = [
  {
    sentence: 'Executable memory is left out: the state would be too long.',
    shorten: ofEach((process) =>
      process.details ? { ...process, details: { ...process.details, executableMaps: [] } } : process,
    ),
  },
  {
    sentence: 'Open files are left out: the state would be too long.',
    shorten: ofEach(({ details: _, ...process }) => process),
  },
  {
    sentence: `Arguments beyond ${SHORT_ARGUMENTS} characters, and names of variables beyond ${FEW_VARIABLES}, are left out: the state would be too long.`,
    shorten: ofEach((process) => ({
      ...process,
      arguments: shortArguments(process.arguments),
      environment: process.environment.slice(0, FEW_VARIABLES).map((name) => name.slice(0, SHORT_ARGUMENTS)),
    })),
  },
  {
    sentence: 'Mounts are left out: the state would be too long.',
    shorten: (state) => ({ ...state, mounts: [] }),
  },
];

export function fitState(state: State, mostBytes = MOST_STATE_BYTES): State {
  let fitted = state;
  for (const { sentence, shorten } of STEPS) {
    if (isShort(fitted, mostBytes)) return fitted;
    fitted = shorten(fitted);
    fitted = { ...fitted, missing: [...fitted.missing, sentence] };
  }
  while (!isShort(fitted, mostBytes) && longestOf(fitted) > 0) fitted = halved(fitted);
  return { ...fitted, missing: [...fitted.missing, ...leftOut(state, fitted)] };
}

function longestOf({ processes, changed = [], listening }: State): number {
  return Math.max(processes.length, changed.length, listening.length);
}

/** Without half of the longest list. The first processes are those of the alert. */
function halved(state: State): State {
  const longest = longestOf(state);
  const fewer = <Item>(list: readonly Item[]): readonly Item[] =>
    list.length === longest ? list.slice(0, longest >> 1) : list;
  const { processes, changed, listening } = state;
  return {
    ...state,
    processes: fewer(processes),
    listening: fewer(listening),
    ...(changed && { changed: fewer(changed) }),
  };
}

function leftOut(all: State, some: State): string[] {
  const counts: [string, number][] = [
    ['processes', all.processes.length - some.processes.length],
    ['changed files', (all.changed?.length ?? 0) - (some.changed?.length ?? 0)],
    ['listening ports', all.listening.length - some.listening.length],
  ];
  return counts.flatMap(([what, count]) =>
    count > 0 ? [`${count} ${what} are left out: the state would be too long.`] : [],
  );
}

function shortArguments(given: readonly string[]): string[] {
  const shown: string[] = [];
  let left = SHORT_ARGUMENTS;
  for (const argument of given) {
    if (left <= 0) break;
    shown.push(argument.slice(0, left));
    left -= argument.length;
  }
  return shown;
}

/** Part for part: all of it may be longer than a string can be. */
function isShort({ processes, changed = [], ...rest }: State, mostBytes: number): boolean {
  let left = mostBytes;
  for (const part of [rest, ...processes, ...changed]) {
    left -= Buffer.byteLength(JSON.stringify(part)) + 1;
    if (left < 0) return false;
  }
  return true;
}
