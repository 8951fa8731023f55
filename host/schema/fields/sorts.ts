// The sort of a derivation's value: a number, a boolean, a text.

import type { BooleanDerivation, Derivation, NumberDerivation, TextDerivation } from './derivation.ts';
import { OPERATORS } from './operators.ts';

type Sort = 'number' | 'boolean' | 'text';

/** Of each node that has such a value. That of an operator is in its own description. */
const SORTS: Readonly<Record<Exclude<(NumberDerivation | BooleanDerivation | TextDerivation)['node'], 'call'>, Sort>> =
  {
    number: 'number',
    flag: 'number',
    numberOf: 'number',
    arithmetic: 'number',
    numberIf: 'number',
    lengthOf: 'number',
    asType: 'number',
    renumbered: 'number',
    boolean: 'boolean',
    compare: 'boolean',
    all: 'boolean',
    any: 'boolean',
    not: 'boolean',
    isThere: 'boolean',
    isKnown: 'boolean',
    text: 'text',
    textOf: 'text',
    orElse: 'text',
    join: 'text',
    digits: 'text',
    enumeration: 'text',
    names: 'text',
    character: 'text',
    shown: 'text',
    ipv4Text: 'text',
    ipv6Text: 'text',
    dateTime: 'text',
    accountName: 'text',
    valueOf: 'text',
    nearest: 'text',
    ofAncestors: 'text',
    mountPart: 'text',
    pathFrom: 'text',
  };

function isOf(derivation: Derivation, sort: Sort): boolean {
  if (derivation.node === 'call') return OPERATORS[derivation.operator].gives === sort;
  return derivation.node in SORTS && SORTS[derivation.node as keyof typeof SORTS] === sort;
}

export function isNumber(derivation: Derivation): derivation is NumberDerivation {
  return isOf(derivation, 'number');
}

export function isBoolean(derivation: Derivation): derivation is BooleanDerivation {
  return isOf(derivation, 'boolean');
}

export function isText(derivation: Derivation): derivation is TextDerivation {
  return isOf(derivation, 'text');
}
