// Parts of random conditions, as text: a check of a field, a list, a constant in quotes.

import fc from 'fast-check';

export const quote = (text: string): string => `"${text.replace(/[\\"]/g, (character) => `\\${character}`)}"`;
export const oneOf = (values: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...values);
export const list = (values: readonly string[]): fc.Arbitrary<string> =>
  fc.array(oneOf(values), { minLength: 1, maxLength: 9 }).map((items) => `(${items.map(quote).join(', ')})`);
export const check = (
  fields: readonly string[],
  operators: readonly string[],
  value: fc.Arbitrary<string>,
): fc.Arbitrary<string> => fc.tuple(oneOf(fields), oneOf(operators), value).map((parts) => parts.join(' '));
