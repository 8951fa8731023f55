// Decides which matches of rules with conditions on the exec session count, once the session's user is settled.

import { isDue } from '../../diagnostics/alert-pace.ts';
import { number } from '../../diagnostics/numbers.ts';
import type { Match } from '../../engine/messages/match.ts';
import type { Priority } from '../../schema/priority.ts';
import type { SessionRef } from '../../sessions/exec-entry.ts';
import type { SessionFacts } from '../../sessions/live-sessions.ts';
import type { SessionCondition } from './session-condition.ts';

export const UNDECIDED_RULE = 'Wasprey internal: session conditions undecided';

/** Whose an exec session is. */
export interface KnownSessions {
  /** In how many ms it is settled; 0: it is. */
  settledIn(sessions: readonly SessionRef[]): number;
  /** Whether it is known in which pod each is, if in any. */
  arePlaced(sessions: readonly SessionRef[]): boolean;
  /** Undefined unless the session began with an exec into a pod. */
  factsOf(sessions: readonly SessionRef[]): SessionFacts | undefined;
}

type RaiseInternal = (rule: string, priority: Priority, message: string) => void;

/** A match that counts if the condition holds. */
export interface ConditionalMatch<Plan> {
  readonly match: Match;
  readonly plan: Plan;
  /** Absent: it counts. */
  readonly condition: SessionCondition | undefined;
}

export class SessionDecision {
  readonly #sessions: KnownSessions | undefined;
  readonly #internal: RaiseInternal;
  #reported = 0;
  #reportedAt = Number.NEGATIVE_INFINITY;
  /** Matches that did not count before it was settled whose session they are of. */
  undecided = 0;

  constructor(sessions: KnownSessions | undefined, internal: RaiseInternal) {
    this.#sessions = sessions;
    this.#internal = internal;
  }

  /**
   * The first that counts. What is asked too early is decided by what is known: no name is certain then.
   * @param matches of one event, in the order of their rules
   */
  first<Plan>(matches: readonly ConditionalMatch<Plan>[]): ConditionalMatch<Plan> | undefined {
    const [first] = matches;
    if (!first?.condition) return first;
    const { sessions = [] } = first.match;
    const known = this.#sessions;
    const isSettled = !known || (known.settledIn(sessions) === 0 && known.arePlaced(sessions));
    const facts = known?.factsOf(sessions);
    for (const each of matches) {
      if (!each.condition || each.condition.holds(facts)) return each;
      if (!isSettled) this.#note();
    }
    return undefined;
  }

  #note(): void {
    this.undecided++;
    const now = performance.now();
    if (isDue(now, this.#reportedAt)) this.#report(now);
  }

  /** At the end: reports what waits. */
  finish(): void {
    this.#report(this.#reportedAt);
  }

  #report(now: number): void {
    const more = this.undecided - this.#reported;
    if (more === 0) return;
    this.#reported = this.undecided;
    this.#reportedAt = now;
    const message =
      `${UNDECIDED_RULE}. Matches of conditions on k8s.user or k8s.session that did not count, although it was not settled whose ` +
      `session they are of: ${number(more)}. Too many waited for that, their container's runtime did not answer, or the agent stopped.`;
    this.#internal(UNDECIDED_RULE, 'Warning', message);
  }
}
