// Random conditions over the fields that both the compiler and the interpreter of the tests know.

import fc from 'fast-check';
import { check, list, oneOf, quote } from './condition-parts.ts';
import {
  ADDRESS_FIELDS,
  ADDRESSES,
  BOOLEAN_FIELDS,
  GLOBS,
  isTyped,
  NET_FIELDS,
  NETWORKS,
  NUMBER_FIELDS,
  NUMBERS,
  PORT_FIELDS,
  PORTS,
  PREFIXES,
  REGEXES,
  RIGHT,
  TEXT_FIELDS,
  TEXTS,
} from './condition-pools.ts';
import { joined, listChecks, transformed } from './transformed-operands.ts';

const plainText = check(
  TEXT_FIELDS,
  ['=', '!=', 'contains', 'icontains', 'startswith', 'endswith'],
  oneOf(TEXTS).map(quote),
);

const checks: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: listChecks },
  { weight: 8, arbitrary: plainText.filter(isTyped) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'evt.type = open',
      'evt.type in (openat, connect, execve)',
      'evt.type != openat',
      'evt.type contains "at"',
    ),
  },
  { weight: 3, arbitrary: check(TEXT_FIELDS, ['in', 'intersects'], list(TEXTS)).filter(isTyped) },
  { weight: 2, arbitrary: check(TEXT_FIELDS, ['glob', 'iglob'], oneOf(GLOBS).map(quote)).filter(isTyped) },
  { weight: 2, arbitrary: check(TEXT_FIELDS, ['regex'], oneOf(REGEXES).map(quote)).filter(isTyped) },
  { weight: 2, arbitrary: check(TEXT_FIELDS, ['pmatch'], list(PREFIXES)).filter(isTyped) },
  {
    weight: 2,
    arbitrary: check(
      TEXT_FIELDS,
      ['startswith oneof', 'contains anyof', 'endswith allof', 'contains oneof'],
      list(TEXTS),
    ).filter(isTyped),
  },
  { weight: 1, arbitrary: check(TEXT_FIELDS, ['<', '>='], oneOf(['5', '0'])).filter(isTyped) },
  {
    weight: 1,
    arbitrary: oneOf([...TEXT_FIELDS, ...NUMBER_FIELDS, ...PORT_FIELDS, ...ADDRESS_FIELDS, ...BOOLEAN_FIELDS]).map(
      (name) => `${name} exists`,
    ),
  },
  { weight: 4, arbitrary: check(NUMBER_FIELDS, ['=', '!=', '<', '<=', '>', '>='], oneOf(NUMBERS)) },
  { weight: 1, arbitrary: check(NUMBER_FIELDS, ['in'], list(NUMBERS)) },
  { weight: 2, arbitrary: check(PORT_FIELDS, ['=', '!='], oneOf(PORTS)) },
  { weight: 1, arbitrary: check(PORT_FIELDS, ['<', '>'], oneOf(['80', '100'])) },
  { weight: 1, arbitrary: check(PORT_FIELDS, ['in'], list(PORTS)) },
  { weight: 2, arbitrary: check(BOOLEAN_FIELDS, ['=', '!='], oneOf(['true', 'false'])) },
  { weight: 2, arbitrary: check(ADDRESS_FIELDS, ['=', '!='], oneOf(ADDRESSES).map(quote)) },
  { weight: 1, arbitrary: check(ADDRESS_FIELDS, ['in'], list(ADDRESSES)) },
  { weight: 2, arbitrary: check(NET_FIELDS, ['=', '!='], oneOf(NETWORKS).map(quote)) },
  { weight: 1, arbitrary: check(NET_FIELDS, ['in'], list(NETWORKS)) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        transformed,
        oneOf(['=', '!=', 'contains', 'startswith', 'endswith', 'icontains', 'regex', 'glob']),
        oneOf(TEXTS.filter((text) => !/[|<*]/.test(text))).map(quote),
      )
      .map((parts) => parts.join(' ')),
  },
  { weight: 1, arbitrary: fc.tuple(transformed, list(TEXTS)).map(([left, values]) => `${left} in ${values}`) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(joined, oneOf(['=', 'contains', 'startswith', 'endswith']), oneOf(TEXTS).map(quote))
      .map((parts) => parts.join(' ')),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        oneOf(RIGHT),
        oneOf(['=', '!=', 'contains', 'icontains', 'startswith', 'endswith', 'glob']),
        fc.oneof(
          oneOf(RIGHT).map((name) => `val(${name})`),
          transformed,
          joined,
        ),
      )
      .map((parts) => parts.join(' ')),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(oneOf(RIGHT), oneOf(['>', '=', '<=']), oneOf(['0', '3', '5', '11']))
      .map(([name, operator, value]) => `len(${name}) ${operator} ${value}`),
  },
);

/** Conditions of up to about eight checks. */
export const randomCondition: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 5, arbitrary: checks },
    {
      weight: 2,
      arbitrary: fc.array(tie('node'), { minLength: 2, maxLength: 3 }).map((parts) => `(${parts.join(' and ')})`),
    },
    {
      weight: 2,
      arbitrary: fc.array(tie('node'), { minLength: 2, maxLength: 3 }).map((parts) => `(${parts.join(' or ')})`),
    },
    { weight: 1, arbitrary: tie('node').map((part) => `not (${part})`) },
  ),
})).node;
