// Tests of texts as tests of names.

import { type ExactText, LONGEST_EXACT_NAME } from '../../../schema/kernel-enforcement.ts';
import type { Test } from '../../ir/condition.ts';
import type { TextMatch } from '../../ir/text.ts';
import { argumentOf, type Value } from '../../ir/value.ts';
import { constantly, type Formula, literally } from './formula.ts';
import { type NameList, nameList, namesThatMatch, pathsWhoseNameMatches } from './names.ts';
import { isNewProgram, type Place } from './place.ts';
import { type Reason, reasonOfValue } from './reasons.ts';

/** A formula that says the same, or why it can't be made. */
export function textFormula({ text, match }: Extract<Test, { test: 'text' }>, place: Place): Formula | Reason {
  const base = argumentOf(text.value, 'basename');
  const value = base ?? text.value;
  if (isNewProgram(place) && isContainerId(value)) return base ? 'program' : containerFormula(match);
  const of = exactText(value, place);
  if (!of) return reasonOfValue(text.value, place);
  if (text.case !== undefined || ('ignoreCase' in match && match.ignoreCase)) return 'case';
  if (base && (of === 'name' || of === 'directory')) return 'within';
  const names = base ? pathsWhoseNameMatches(match) : namesThatMatch(match, of !== 'name');
  return names ? nameFormula(of, names) : 'within';
}

/** The formula of the test that a text is there; undefined if it is not one of those that can be compared. */
export function presenceFormula(value: Value, place: Place): Formula | Reason | undefined {
  if (isNewProgram(place) && isContainerId(value)) return constantly(true);
  const of = exactText(value, place);
  switch (of) {
    case 'name':
    case 'directory': // a path that can be compared has one
      return constantly(true);
    case 'path':
      return nameFormula(of, nameList({ beginnings: ['/'] }));
    case 'resolved':
    case 'executable':
      return nameFormula(of, nameList({ beginnings: [''] }));
    case undefined:
      return undefined;
  }
}

function nameFormula(of: ExactText, names: NameList): Formula | Reason {
  const { equal, beginnings, endings } = of === 'path' || of === 'directory' ? ofAbsolute(names) : names;
  const all = [...equal, ...beginnings, ...endings];
  if (all.length === 0) return constantly(false);
  if (all.some((name) => name.length > LONGEST_EXACT_NAME)) return 'long';
  return literally({ kind: 'name', name: { of, equal, beginnings, endings } });
}

/** A path that can be compared is absolute: others are never it, and what begins with nothing begins with a slash. */
function ofAbsolute({ equal, beginnings, endings }: NameList): NameList {
  const isAbsolute = (name: string): boolean => name.startsWith('/');
  return {
    equal: equal.filter(isAbsolute),
    beginnings: beginnings.map((beginning) => beginning || '/').filter(isAbsolute),
    endings,
  };
}

/** Which of the texts a value is. */
function exactText(value: Value, place: Place): ExactText | undefined {
  const text = argumentOf(value, 'orEmpty') ?? value;
  if (place.type.shape === 'open') {
    if (text.node === 'call') return text.operator === 'fdDirectory' ? 'directory' : undefined;
    if (text.node !== 'member' || (text.owner !== 'descriptor' && text.owner !== 'open')) return undefined;
    return text.name === 'name' ? 'path' : text.name === 'resolved' ? 'resolved' : undefined;
  }
  if (!isNewProgram(place) || text.node !== 'member' || text.owner !== 'image' || !isVariable(text.of, 'image'))
    return undefined;
  return text.name === 'comm' ? 'name' : text.name === 'executable' ? 'executable' : undefined;
}

/** On the host the id is `host`; in a container it is anything else, and only known by the reader. */
function containerFormula(match: TextMatch): Formula | Reason {
  const isHost = match.op === 'equals' && match.values.every((value) => value === 'host');
  return isHost ? literally({ kind: 'process', process: 'host' }) : 'program';
}

function isContainerId(value: Value): boolean {
  const text = argumentOf(value, 'orEmpty') ?? value;
  if (text.node !== 'member' || text.owner !== 'container' || text.name !== 'id') return false;
  const { of } = text;
  return of.node === 'member' && of.name === 'container_address' && isVariable(of.of, 'image');
}

function isVariable(value: Value, name: 'event' | 'image'): boolean {
  return value.node === 'variable' && value.name === name;
}
