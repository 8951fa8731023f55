// The part of a rule's condition that reads the exec session: evaluated here, when it is known whose session it is.

import type { Expression } from '../compiler/conditions/ast.ts';
import { checksOf, fieldsOf } from '../compiler/conditions/fields-of.ts';
import { parseCondition } from '../compiler/conditions/parser.ts';
import { isOfSession } from '../compiler/conditions/session-checks.ts';
import { checkTypes } from '../compiler/conditions/typecheck.ts';
import { SessionConstants } from '../compiler/lower/session-constants.ts';
import type { Absent, FieldValue } from '../fields/value.ts';
import { fieldKey } from '../outputs/transform.ts';
import type { SessionFacts } from '../sessions/live-sessions.ts';
import { checkHolds } from './check-verdict.ts';
import { sessionFactOf, sessionValue } from './session-values.ts';

export class SessionCondition {
  readonly #condition: Expression;
  readonly #keys: readonly string[];
  /** Whether it holds of what is in no session. */
  readonly holdsWithout: boolean;

  /**
   * @param text as the manifest has it, which is not trusted
   * @param constants of all conditions of the module
   * @throws {Error} if it is no condition on the session alone, or too large
   */
  constructor(text: string, constants = new SessionConstants()) {
    const condition = parseCondition(text);
    const checks = checksOf(condition);
    checkTypes(condition);
    const fields = checks.flatMap(fieldsOf);
    if (!fields.every(isOfSession) || checks.some((check) => fieldsOf(check).length === 0)) {
      throw new Error('a condition on the session reads something else');
    }
    constants.prepare(condition);
    this.#condition = condition;
    this.#keys = [...new Set(fields.map(fieldKey))];
    this.holdsWithout = this.holds(undefined);
  }

  /** @param facts undefined: it is no session that was entered by an exec into a pod */
  holds(facts: SessionFacts | undefined): boolean {
    const values = new Map<string, FieldValue | Absent>();
    for (const key of facts ? this.#keys : []) {
      const fact = sessionFactOf(key);
      if (facts && fact) values.set(key, sessionValue(fact, facts));
    }
    return isTrue(this.#condition, values);
  }
}

function isTrue(condition: Expression, values: ReadonlyMap<string, FieldValue | Absent>): boolean {
  switch (condition.kind) {
    case 'and':
      return condition.children.every((child) => isTrue(child, values));
    case 'or':
      return condition.children.some((child) => isTrue(child, values));
    case 'not':
      return !isTrue(condition.child, values);
    case 'check':
      return checkHolds(condition, values);
    case 'macro':
      throw new Error(`macro ${condition.name} was not expanded`);
  }
}
