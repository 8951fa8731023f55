// The sort of a derivation's value: a number, a boolean, a text.

import type { BooleanDerivation, Derivation, NumberDerivation, TextDerivation } from './derivation.ts';
import { OPERATORS } from './operators.ts';

const NUMBERS = new Set<Derivation['node']>([
  'number',
  'flag',
  'numberOf',
  'arithmetic',
  'numberIf',
  'lengthOf',
  'asType',
  'renumbered',
]);
const BOOLEANS = new Set<Derivation['node']>(['boolean', 'compare', 'all', 'any', 'not', 'isThere', 'isKnown']);
const TEXTS = new Set<Derivation['node']>([
  'text',
  'textOf',
  'orElse',
  'join',
  'digits',
  'enumeration',
  'names',
  'character',
  'shown',
  'ipv4Text',
  'ipv6Text',
  'dateTime',
  'accountName',
  'valueOf',
  'nearest',
  'ofAncestors',
  'mountPart',
  'pathFrom',
]);

function isOf(derivation: Derivation, nodes: ReadonlySet<Derivation['node']>, gives: string): boolean {
  return derivation.node === 'call' ? OPERATORS[derivation.operator].gives === gives : nodes.has(derivation.node);
}

export function isNumber(derivation: Derivation): derivation is NumberDerivation {
  return isOf(derivation, NUMBERS, 'number');
}

export function isBoolean(derivation: Derivation): derivation is BooleanDerivation {
  return isOf(derivation, BOOLEANS, 'boolean');
}

export function isText(derivation: Derivation): derivation is TextDerivation {
  return isOf(derivation, TEXTS, 'text');
}
