// The conditions on the session of a module, which no code is made from: whether their constants can be compared with at all, and are not too many.

import type { Expression } from '../conditions/ast.ts';
import { checksOf, constantsOf } from '../conditions/fields-of.ts';
import { literalBytes } from '../conditions/literal-bytes.ts';
import { printCondition } from '../conditions/print.ts';
import { LONGEST_SESSION, MOST_SESSION_AUTOMATA } from '../ir/module-limits.ts';
import type { TextMatch } from '../ir/text.ts';
import { pathMatch, textMatch } from './text-match.ts';

/** Beyond the limits of ir/module-limits.ts. */
export class SessionTooLargeError extends Error {
  override readonly name = 'SessionTooLargeError';
}

export class SessionConstants {
  readonly #automata = new Set<string>();

  /**
   * Makes the automata that the comparisons of a condition need, which are kept.
   * @throws what a rule with such a comparison fails with: SessionTooLargeError, AutomatonTooLargeError, RegexSyntaxError
   */
  prepare(expression: Expression): void {
    const { length } = printCondition(expression);
    if (length > LONGEST_SESSION) {
      throw new SessionTooLargeError(
        `the session part of the condition is too long: ${length} of at most ${LONGEST_SESSION} characters`,
      );
    }
    for (const { operator, right } of checksOf(expression)) {
      const values = constantsOf({ right }).map(({ text }) => Buffer.from(literalBytes(text)).toString('latin1'));
      switch (operator) {
        case 'exists':
        case 'in':
        case 'intersects':
        case '!=':
        case 'bcontains':
        case 'bstartswith':
          break;
        case 'pmatch':
          this.#count(pathMatch(values));
          break;
        default:
          for (const value of values) this.#count(textMatch(operator, value));
      }
    }
  }

  #count(match: TextMatch): void {
    if (match.op !== 'automaton') return;
    this.#automata.add(match.key);
    if (this.#automata.size <= MOST_SESSION_AUTOMATA) return;
    throw new SessionTooLargeError(
      `the rules compare sessions with more than ${MOST_SESSION_AUTOMATA} patterns, paths and regular expressions`,
    );
  }
}
