// The part of a rule's condition that reads the exec session: evaluated here, when it is known whose session it is.

import type { SessionConstants } from '../../compiler/lower/session-constants.ts';
import type { Absent, FieldValue } from '../../fields/value.ts';
import type { SessionFacts } from '../../sessions/live-sessions.ts';
import { StoredCondition } from '../../verdicts/stored-condition.ts';
import { sessionFactOf, sessionValue } from './session-values.ts';

export class SessionCondition {
  readonly #condition: StoredCondition;
  /** Whether it holds of what is in no session. */
  readonly holdsWithout: boolean;

  /**
   * @param text as the manifest has it, which is not trusted
   * @param constants of all conditions of the module
   * @throws {Error} if it is no condition on the exec session alone, or too large
   */
  constructor(text: string, constants?: SessionConstants) {
    this.#condition = new StoredCondition(text, 'session', constants);
    this.holdsWithout = this.holds(undefined);
  }

  /** @param facts undefined: it is no session that was entered by an exec into a pod */
  holds(facts: SessionFacts | undefined): boolean {
    const values = new Map<string, FieldValue | Absent>();
    for (const key of facts ? this.#condition.keys : []) {
      const fact = sessionFactOf(key);
      if (facts && fact) values.set(key, sessionValue(fact, facts));
    }
    return this.#condition.holds(values);
  }
}
