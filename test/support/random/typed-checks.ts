// Random checks of every operator that a type takes.

import fc from 'fast-check';
import { resolveField } from '../../../host/schema/fields/index.ts';
import { check, oneOf, quote } from './condition-parts.ts';
import {
  ADDRESS_FIELDS,
  ADDRESSES,
  BOOLEAN_FIELDS,
  GLOBS,
  isAlone,
  isJoined,
  isTyped,
  NET_FIELDS,
  NETWORKS,
  NUMBER_FIELDS,
  NUMBERS,
  PORT_FIELDS,
  PORTS,
  TEXT_FIELDS,
  TEXTS,
} from './condition-pools.ts';

/** Every operator that a type takes, with and without a modifier, of constants in all their forms, and of other fields. */
const typed = (
  fields: readonly string[],
  operators: readonly string[],
  constants: readonly string[],
): fc.Arbitrary<string> => {
  const single = operators.filter((operator) => !/^(in|intersects|pmatch)$/.test(operator));
  const listed = [
    ...operators.filter((operator) => !single.includes(operator)),
    ...single.filter((operator) => !/[<>]/.test(operator)).flatMap(modified),
  ];
  const comparable = fields.filter((name) => !isAlone(name) && !isJoined(name));
  return fc.oneof(
    { weight: 3, arbitrary: check(fields, single, oneOf(constants)) },
    {
      weight: 4,
      arbitrary: check(
        fields,
        listed,
        fc.array(oneOf(constants), { minLength: 1, maxLength: 4 }).map((items) => `(${items.join(', ')})`),
      ),
    },
    ...(comparable.length === 0 ? [] : [{ weight: 2, arbitrary: sameType(comparable, [...single, 'in']) }]),
  );
};
const sameType = (fields: readonly string[], operators: readonly string[]): fc.Arbitrary<string> => {
  const right = fields.map((name) => (name.startsWith('len(') ? name : `val(${name})`));
  return check(fields, operators, oneOf(right));
};
const modified = (operator: string): readonly string[] => [
  `${operator} anyof`,
  `${operator} allof`,
  `${operator} oneof`,
];
const COMPARISONS = ['=', '==', '!=', '<', '<=', '>', '>='];
const EQUALITIES = ['=', '==', '!=', 'in', 'intersects'];
const byType = (names: readonly string[]): Map<string, string[]> =>
  Map.groupBy(names, (name) => {
    const resolved = resolveField(name);
    return resolved.ok ? resolved.field.type : name;
  });
const TEXT_OPERATORS = ['=', '==', '!=', 'contains', 'icontains', 'startswith', 'endswith', 'glob', 'iglob'];
export const typedChecks: fc.Arbitrary<string> = fc.oneof(
  typed([...TEXT_FIELDS].filter(isTyped), [...TEXT_OPERATORS, 'in', 'intersects'], [...TEXTS, ...GLOBS].map(quote)),
  ...[...byType(NUMBER_FIELDS).values()].map((fields) =>
    typed(fields, [...COMPARISONS, 'in', 'intersects'], [...NUMBERS, '010', '00', '2147483647', '4294967294', '-0']),
  ),
  typed(['len(proc.name)', 'len(fd.name)'], [...COMPARISONS, 'in', 'intersects'], ['0', '2', '3', '05', '11']),
  typed(PORT_FIELDS, [...COMPARISONS, 'in', 'intersects'], [...PORTS, '022', '65616']).filter(
    (text) => !/[<>]=? (http|ssh)/.test(text),
  ),
  typed(BOOLEAN_FIELDS, EQUALITIES, ['true', 'false', '"true"']),
  typed(ADDRESS_FIELDS, EQUALITIES, ADDRESSES.map(quote)),
  typed(NET_FIELDS, EQUALITIES, NETWORKS.map(quote)),
);
