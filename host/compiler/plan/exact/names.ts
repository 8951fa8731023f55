// Which texts match: whole ones, beginnings and endings. Undefined where no list of them says it exactly.

import type { Automaton } from '../../automata/automaton.ts';
import type { Bytes, TextMatch } from '../../ir/text.ts';

/** A text matches if it is one of them, begins or ends with one. */
export interface NameList {
  readonly equal: readonly Bytes[];
  readonly beginnings: readonly Bytes[];
  readonly endings: readonly Bytes[];
}

export function nameList(part: Partial<NameList>): NameList {
  return { equal: [], beginnings: [], endings: [], ...part };
}

/**
 * The names that match.
 * @param isPath absolute or not, and without empty components
 */
export function namesThatMatch(match: TextMatch, isPath: boolean): NameList | undefined {
  switch (match.op) {
    case 'equals':
      return nameList({ equal: match.values });
    case 'startswith':
      return match.ignoreCase ? undefined : nameList({ beginnings: [match.value] });
    case 'endswith':
      return match.ignoreCase ? undefined : nameList({ endings: [match.value] });
    case 'contains':
      return undefined;
    case 'automaton':
      return namesOfAutomaton(match.automaton, isPath);
  }
}

/** The paths whose last component matches. */
export function pathsWhoseNameMatches(match: TextMatch): NameList | undefined {
  if (match.op === 'equals') {
    const names = match.values.filter((value) => !value.includes('/'));
    return nameList({ equal: names, endings: names.map((name) => `/${name}`) });
  }
  if (match.op !== 'endswith' || match.ignoreCase) return undefined;
  return nameList({ endings: match.value.includes('/') ? [] : [match.value] });
}

const SLASH = 0x2f;
/** Limits on the walk: texts that are found, and bytes of each. */
const MOST_NAMES = 512;
const LONGEST = 300;

/** Many rules and event types share an automaton. */
const KNOWN = { path: new WeakMap<Automaton, Found>(), text: new WeakMap<Automaton, Found>() };

interface Found {
  readonly names: NameList | undefined;
}

/** What an automaton accepts, if that is a few whole texts, and all that begins with a few others. */
function namesOfAutomaton(automaton: Automaton, isPath: boolean): NameList | undefined {
  const known = KNOWN[isPath ? 'path' : 'text'];
  const found = known.get(automaton) ?? { names: walk(automaton, isPath) };
  known.set(automaton, found);
  return found.names;
}

function walk(automaton: Automaton, isPath: boolean): NameList | undefined {
  const { start, accepting, next } = automaton;
  const alive = statesFrom(next, (state) => accepting[state] ?? false);
  /** From the others every text is accepted. */
  const selective = statesFrom(next, (state) => !accepting[state]);
  const [equal, beginnings]: [Bytes[], Bytes[]] = [[], []];
  const open = [{ state: start, text: '' }];
  for (let one = open.pop(); one; one = open.pop()) {
    const { state, text } = one;
    if (!alive.has(state)) continue;
    if (!selective.has(state)) beginnings.push(text);
    else {
      if (text.length >= LONGEST) return undefined;
      if (accepting[state]) equal.push(text);
      const isAtSlash = isPath && text.endsWith('/');
      next[state]?.forEach((to, byte) => {
        if (alive.has(to) && !(isAtSlash && byte === SLASH))
          open.push({ state: to, text: text + String.fromCharCode(byte) });
      });
    }
    if (equal.length + beginnings.length + open.length > MOST_NAMES) return undefined;
  }
  return nameList({ equal, beginnings });
}

/** States from which a text leads to one that is wanted, the empty text included. */
function statesFrom(next: readonly Uint16Array[], isWanted: (state: number) => boolean): ReadonlySet<number> {
  const before = new Map<number, Set<number>>();
  next.forEach((row, state) => {
    for (const to of new Set(row)) before.set(to, (before.get(to) ?? new Set()).add(state));
  });
  const found = new Set([...next.keys()].filter(isWanted));
  const open = [...found];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    for (const from of before.get(state) ?? []) {
      if (found.has(from)) continue;
      found.add(from);
      open.push(from);
    }
  }
  return found;
}
