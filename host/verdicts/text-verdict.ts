// Whether a text, or a list of texts, compares so with constants or with another text. Texts are byte strings.

import { matchesGlob } from '../compiler/automata/glob.ts';
import type { Check } from '../compiler/conditions/ast.ts';
import { literalBytes } from '../compiler/conditions/literal-bytes.ts';
import { matches, pathMatch, textMatch } from '../compiler/lower/text-match.ts';
import { latin1 } from '../fields/value.ts';

/** Byte strings: characters 0 to 255. */
export type Bytes = string;

export function textsHold(operator: Check['operator'], text: Bytes, constants: readonly string[]): boolean {
  const values = constants.map(constantBytes);
  switch (operator) {
    case 'exists':
      return true;
    case 'in':
    case 'intersects':
      return values.includes(text);
    case '!=':
      return !values.includes(text);
    case 'pmatch':
      return values.length > 0 && matches(text, pathMatch(values));
    case 'bcontains':
    case 'bstartswith': {
      const parts = values.map((value) => Buffer.from(value, 'hex').toString('latin1'));
      return parts.some((part) => (operator === 'bcontains' ? text.includes(part) : text.startsWith(part)));
    }
    default:
      return values.some((value) => matches(text, textMatch(operator, value)));
  }
}

/** `in`: all of them are among the values; `intersects`: any is. */
export function listHolds(operator: Check['operator'], items: readonly Bytes[], values: readonly Bytes[]): boolean {
  const isAmong = (item: Bytes): boolean => values.includes(item);
  return operator === 'in' ? items.every(isAmong) : items.some(isAmong);
}

/** Both are of processes and clients: no automata are made of them, which may be too large, and would be kept. */
export function textPairHolds(operator: Check['operator'], text: Bytes, other: Bytes): boolean {
  switch (operator) {
    case '!=':
      return text !== other;
    case '<':
      return text < other;
    case '<=':
      return text <= other;
    case '>':
      return text > other;
    case '>=':
      return text >= other;
    case 'glob':
    case 'iglob':
      return matchesGlob(text, other, operator === 'iglob');
    case '=':
    case '==':
    case 'contains':
    case 'icontains':
    case 'startswith':
    case 'endswith':
      return matches(text, textMatch(operator, other));
    default:
      return false;
  }
}

export function constantBytes(text: string): Bytes {
  return latin1(literalBytes(text));
}
