// Values that look like the name of an unknown list: Falco compares with the name itself.

import { nearest } from '../../diagnostics/suggest.ts';
import type { Check, Expression, Literal } from './ast.ts';
import { checksOf } from './fields-of.ts';

export interface UnknownList {
  readonly check: Check;
  readonly at: Literal;
  readonly message: string;
  readonly help: string;
}

/** More would be another name. */
const MOST_EDITS = 2;

/**
 * @param names of all lists
 * @param stockFileOf the file of Falco's that has a list of that name
 */
export function unknownLists(
  condition: Expression,
  names: readonly string[],
  stockFileOf: (name: string) => string | undefined,
): UnknownList[] {
  return checksOf(condition).flatMap((check) => {
    const values = check.right.kind === 'values' ? check.right.values : [];
    return values.flatMap((at) => {
      const { text, quoted } = at;
      // Values with an underscore are rare, names of lists without one too.
      if (quoted || !/^\w*[a-z]_\w+$/.test(text) || names.includes(text)) return [];
      const message = `there is no list ${text}, so this compares with that text`;
      const near = nearest(text, names, MOST_EDITS);
      if (near !== undefined) return { check, at, message, help: `did you mean ${near}?` };
      const stock = stockFileOf(text);
      return stock === undefined ? [] : { check, at, message, help: `Falco's ${stock} defines it, and goes first` };
    });
  });
}
