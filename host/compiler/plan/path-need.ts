// The paths, or beginnings of paths, of an opened file that a condition needs. Rules are evaluated on the name passed and on the one the
// kernel resolved. A need holds if it holds for either name, so it must follow from a single conjunct if a condition reads both.

import type { PathNeed } from '../../schema/kernel-filter.ts';
import type { Automaton } from '../automata/automaton.ts';
import type { Condition, Test } from '../ir/condition.ts';
import { sameValue } from '../ir/print-value.ts';
import type { Bytes, TextMatch } from '../ir/text.ts';
import { argumentOf, call, isZero, ofEvent, type Value } from '../ir/value.ts';

/** Limits on the beginnings of an automaton's texts: how many, and how long. */
const MOST_BEGINNINGS = 24;
const LONGEST_BEGINNING = 48;

const NEVER: PathNeed = { beginnings: [], endings: [] };

/** Undefined: any path matches. */
export function pathNeed(condition: Condition): PathNeed | undefined {
  switch (condition.kind) {
    case 'constant':
      return condition.value ? undefined : NEVER;
    case 'not':
      return undefined;
    case 'test':
      return needOfTest(condition);
    case 'all': {
      const needs = condition.children.flatMap((child) => pathNeed(child) ?? []);
      return needs.sort((a, b) => breadth(a) - breadth(b))[0];
    }
    case 'any': {
      const needs = condition.children.map(pathNeed);
      const known = needs.flatMap((need) => need ?? []);
      return known.length < needs.length ? undefined : union(known);
    }
  }
}

function union(needs: readonly PathNeed[]): PathNeed {
  return {
    beginnings: [...new Set(needs.flatMap(({ beginnings }) => beginnings))],
    endings: [...new Set(needs.flatMap(({ endings }) => endings))],
    ...(needs.some(({ topLevel }) => topLevel) && { topLevel: true }),
  };
}

/** Roughly the share of all files that satisfy a need: each byte excludes most of them. */
function breadth({ beginnings, endings, topLevel }: PathNeed): number {
  return [...beginnings, ...endings].reduce((sum, { length }) => sum + 4 ** -length, topLevel ? 4 ** -3 : 0);
}

function needOfTest(test: Test): PathNeed | undefined {
  if (test.test === 'value') return isAbsentDirectory(test.value) ? NEVER : undefined;
  if (test.test !== 'text' || test.text.case !== undefined) return undefined;
  const base = argumentOf(test.text.value, 'basename');
  const whole = base ?? test.text.value;
  switch (partOf(argumentOf(whole, 'orEmpty') ?? whole)) {
    case 'passed':
      // A plain path has neither.
      return contains(test.match, '//') || contains(test.match, './') ? NEVER : undefined;
    case 'name':
      return base ? needOfBase(test.match) : needOfName(test.match);
    case 'directory':
      return base ? undefined : needOfDirectory(test.match);
    case undefined:
      return undefined;
  }
}

/** `fdDirectory(event) == 0` */
function isAbsentDirectory(value: Value): boolean {
  if (value.node !== 'comparison' || value.operator !== '==' || !isZero(value.right)) return false;
  return partOf(value.left) === 'directory';
}

/**
 * How a text relates to the opened file. `name`: one of its names. `directory`: a directory that a name begins with. `passed`: the path as
 * passed, relative to any directory.
 */
function partOf(value: Value): 'name' | 'directory' | 'passed' | undefined {
  switch (value.node) {
    case 'member':
      if (value.owner !== 'descriptor' && value.owner !== 'open') return undefined;
      if (value.name === 'name' || value.name === 'resolved') return 'name';
      return value.owner === 'open' && value.name === 'raw' ? 'passed' : undefined;
    case 'call':
      if (value.operator === 'fdDirectory') return 'directory';
      if (value.operator === 'fdNameraw') return 'passed';
      // evt.arg.name: a path as passed where that is absolute, which is the name if it is plain.
      return sameValue(value, OPEN_ARGUMENT) ? 'name' : undefined;
    case 'variable':
    case 'integer':
    case 'boolean':
    case 'flag':
    case 'function':
    case 'cast':
    case 'arithmetic':
    case 'byte':
    case 'choice':
    case 'comparison':
    case 'oneOf':
      return undefined;
    default:
      return value satisfies never;
  }
}

const OPEN_ARGUMENT = call('pathArgument', ofEvent('open', 'raw'), ofEvent('open', 'name'));

function contains(match: TextMatch, part: Bytes): boolean {
  return match.op === 'contains' && !match.ignoreCase && match.value.includes(part);
}

function needOfName(match: TextMatch): PathNeed | undefined {
  if (match.op === 'endswith') return match.ignoreCase ? undefined : endingWith([match.value]);
  return beginningWith(beginningsOf(match));
}

/** The directory of a file right below the root is `/`, which every path begins with. */
function needOfDirectory(match: TextMatch): PathNeed | undefined {
  if (match.op !== 'equals' || !match.values.includes('/')) return beginningWith(beginningsOf(match));
  const need = beginningWith(match.values.filter((value) => value !== '/'));
  return need && { ...need, topLevel: true };
}

function needOfBase(match: TextMatch): PathNeed | undefined {
  if (match.op === 'endswith' && !match.ignoreCase) return endingWith([match.value]);
  return match.op === 'equals' ? endingWith(match.values.map((value) => `/${value}`)) : undefined;
}

/** An empty text may mean an unknown name; relative names are not considered. */
function beginningWith(beginnings: readonly Bytes[] | undefined): PathNeed | undefined {
  const usable = beginnings?.every((beginning) => beginning.length > 1 && beginning.startsWith('/'));
  return beginnings && usable ? { beginnings, endings: [] } : undefined;
}

function endingWith(values: readonly Bytes[]): PathNeed | undefined {
  const endings = values.map((value) => value.slice(Math.max(value.lastIndexOf('/'), 0)));
  return endings.some((ending) => ending === '' || ending === '/') ? undefined : { beginnings: [], endings };
}

function beginningsOf(match: TextMatch): readonly Bytes[] | undefined {
  switch (match.op) {
    case 'equals':
      return match.values;
    case 'startswith':
      return match.ignoreCase ? undefined : [match.value];
    case 'automaton':
      return beginningsOfAutomaton(match.automaton);
    case 'contains':
    case 'endswith':
      return undefined;
  }
}

const SLASH = 0x2f;

/**
 * Texts such that every absolute, plain path that the automaton accepts begins with one of them; as long as possible without being too many.
 */
function beginningsOfAutomaton({ start, accepting, next }: Automaton): readonly Bytes[] {
  const alive = statesThatAccept({ start, accepting, next });
  const open = [{ state: next[start]?.[SLASH] ?? start, text: '/' }];
  const done: Bytes[] = [];
  for (let one = open.shift(); one; one = open.shift()) {
    const { state, text } = one;
    if (!alive.has(state)) continue;
    const branches = [...(next[state] ?? [])].flatMap((to, byte) => {
      const possible = alive.has(to) && !(byte === SLASH && text.endsWith('/'));
      return possible ? { state: to, text: text + String.fromCharCode(byte) } : [];
    });
    const whole = accepting[state] || text.length >= LONGEST_BEGINNING;
    if (whole || done.length + open.length + branches.length > MOST_BEGINNINGS) done.push(text);
    else open.push(...branches);
  }
  return done;
}

/** States from which some text is accepted. */
function statesThatAccept({ accepting, next }: Automaton): ReadonlySet<number> {
  const alive = new Set(accepting.flatMap((accepts, state) => (accepts ? state : [])));
  for (let grown = true; grown; ) {
    grown = false;
    next.forEach((row, state) => {
      if (alive.has(state) || !row.some((to) => alive.has(to))) return;
      alive.add(state);
      grown = true;
    });
  }
  return alive;
}
