// Text operators with their constants, as matches.
//
//   = bash              equals bash
//   glob *.conf         endswith .conf
//   glob /a/*/b?        an automaton, with /a/ at the beginning
//   regex a+            an automaton
//   < b                 an automaton that accepts what comes before b, byte by byte

import { type Automaton, accepts, automatonOf } from '../automata/automaton.ts';
import { globEnds, globPattern, simpleGlob } from '../automata/glob.ts';
import { replacingInvalid } from '../automata/invalid-utf8.ts';
import { pathPrefixPattern } from '../automata/path-prefix.ts';
import {
  ANYTHING,
  type ByteRange,
  byteIn,
  choice,
  exactly,
  literalWithin,
  NEVER,
  type Pattern,
  sequence,
} from '../automata/pattern.ts';
import { regexPattern } from '../automata/regex.ts';
import { lower } from '../ir/letter-case.ts';
import type { Bytes, TextMatch } from '../ir/text.ts';

export type TextOperator =
  | '='
  | '=='
  | 'contains'
  | 'icontains'
  | 'startswith'
  | 'endswith'
  | 'glob'
  | 'iglob'
  | 'regex'
  | '<'
  | '<='
  | '>'
  | '>=';

/** The match of an operator with one constant. `!=` is the negation of `=` on a value that is there. */
export function textMatch(operator: TextOperator, value: Bytes): TextMatch {
  switch (operator) {
    case '=':
    case '==':
      return { op: 'equals', values: [value] };
    case 'contains':
    case 'startswith':
    case 'endswith':
      return { op: operator, value, ignoreCase: false };
    case 'icontains':
      return { op: 'contains', value, ignoreCase: true };
    case 'glob':
    case 'iglob':
      return globMatch(value, operator === 'iglob');
    case 'regex':
      return automaton(operator, [value], () => regexPattern(value), replacingInvalid);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return automaton(operator, [value], () => orderPattern(operator, value));
  }
}

export function globMatch(glob: Bytes, ignoreCase: boolean): TextMatch {
  const simple = simpleGlob(glob);
  if (simple && simple.op !== 'equals') return { op: simple.op, value: simple.value, ignoreCase };
  if (simple && !ignoreCase) return { op: 'equals', values: [simple.value] };
  const match = automaton(ignoreCase ? 'iglob' : 'glob', [glob], () => globPattern(glob, { ignoreCase }));
  return ignoreCase || match.op !== 'automaton' ? match : { ...match, ends: globEnds(glob) };
}

export function pathMatch(prefixes: readonly Bytes[]): TextMatch {
  return automaton('pmatch', [...new Set(prefixes)].sort(), () => choice(prefixes.map(pathPrefixPattern)));
}

/** Automata by operator and constants: each rule is lowered for many event types, and many rules share a glob. */
const KNOWN_AUTOMATA = new Map<string, TextMatch>();
const MOST_KNOWN = 2_000;

/** A shorter constant is in most texts, so that looking for it first is in vain. */
const LEAST_WITHIN = 3;

/** @param adapt changes none but bytes that are not ASCII */
function automaton(
  operator: string,
  values: readonly Bytes[],
  make: () => Pattern,
  adapt = (automaton: Automaton): Automaton => automaton,
): TextMatch {
  const key = `${operator}:${JSON.stringify(values)}`;
  let match = KNOWN_AUTOMATA.get(key);
  if (!match) {
    const more = values.length > 12 ? ', ...' : '';
    const pattern = make();
    const within = literalWithin(pattern);
    match = {
      op: 'automaton',
      title: `${operator} ${values.slice(0, 12).map(show).join(', ')}${more}`,
      key,
      automaton: adapt(automatonOf(pattern)),
      ...(within.length >= LEAST_WITHIN && { within }),
    };
    if (KNOWN_AUTOMATA.size >= MOST_KNOWN) KNOWN_AUTOMATA.clear();
    KNOWN_AUTOMATA.set(key, match);
  }
  return match;
}

function show(value: Bytes): string {
  return JSON.stringify(Buffer.from(value.slice(0, 80), 'latin1').toString('utf8')).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    '.',
  );
}

/** Texts that come before or after the constant, byte by byte. */
function orderPattern(operator: '<' | '<=' | '>' | '>=', value: Bytes): Pattern {
  const parts: Pattern[] = [];
  for (let index = 0; index < value.length; index++) {
    const head = exactly(value.slice(0, index));
    const at = value.charCodeAt(index);
    if (operator.startsWith('<')) parts.push(head);
    const other: readonly ByteRange[] = operator.startsWith('<')
      ? at > 0
        ? [[0, at - 1]]
        : []
      : at < 255
        ? [[at + 1, 255]]
        : [];
    parts.push(other.length > 0 ? sequence([head, byteIn(other), ANYTHING]) : NEVER);
  }
  if (operator.startsWith('>')) parts.push(sequence([exactly(value), byteIn([[0, 255]]), ANYTHING]));
  if (operator.endsWith('=')) parts.push(exactly(value));
  return choice(parts);
}

/** Whether a text that is known now matches. */
export function matches(value: Bytes, match: TextMatch): boolean {
  switch (match.op) {
    case 'equals':
      return match.values.includes(value);
    case 'contains':
    case 'startswith':
    case 'endswith': {
      const fold = (bytes: Bytes): Bytes => (match.ignoreCase ? lower(bytes) : bytes);
      const [text, part] = [fold(value), fold(match.value)];
      if (match.op === 'contains') return text.includes(part);
      return match.op === 'startswith' ? text.startsWith(part) : text.endsWith(part);
    }
    case 'automaton':
      return accepts(match.automaton, value);
  }
}
