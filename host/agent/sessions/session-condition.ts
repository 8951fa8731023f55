// The part of a rule's condition that reads the exec session: evaluated here, when it is known whose session it is.

import type { Absent, FieldValue } from '../../fields/value.ts';
import type { SessionFacts } from '../../sessions/live-sessions.ts';
import type { StoredCondition } from '../../verdicts/stored-condition.ts';
import { sessionFactOf, sessionValue } from './session-values.ts';

export class SessionCondition {
  readonly #condition: StoredCondition;
  /** Its value outside of any exec session. */
  readonly holdsWithout: boolean;

  /** @param condition on the exec session alone */
  constructor(condition: StoredCondition) {
    this.#condition = condition;
    this.holdsWithout = this.holds(undefined);
  }

  /** @param facts undefined: the session did not begin with an exec into a pod */
  holds(facts: SessionFacts | undefined): boolean {
    const values = new Map<string, FieldValue | Absent>();
    for (const key of facts ? this.#condition.keys : []) {
      const fact = sessionFactOf(key);
      if (facts && fact) values.set(key, sessionValue(fact, facts));
    }
    return this.#condition.holds(values);
  }
}
