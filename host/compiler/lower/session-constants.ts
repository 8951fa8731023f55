// The constants of a condition on the session, which no code is made from: whether they can be compared with at all.

import type { Expression } from '../conditions/ast.ts';
import { checksOf } from '../conditions/fields-of.ts';
import { literalBytes } from '../conditions/literal-bytes.ts';
import { pathMatch, textMatch } from './text-match.ts';

/**
 * Makes the automata that the comparisons need, which are kept.
 * @throws what a rule with such a comparison fails with: AutomatonTooLargeError, RegexSyntaxError
 */
export function prepareConstants(expression: Expression): void {
  for (const { operator, right } of checksOf(expression)) {
    const literals = right.kind === 'value' ? [right.value] : right.kind === 'values' ? right.values : [];
    const values = literals.map(({ text }) => Buffer.from(literalBytes(text)).toString('latin1'));
    switch (operator) {
      case 'exists':
      case 'in':
      case 'intersects':
      case '!=':
      case 'bcontains':
      case 'bstartswith':
        break;
      case 'pmatch':
        pathMatch(values);
        break;
      default:
        for (const value of values) textMatch(operator, value);
    }
  }
}
