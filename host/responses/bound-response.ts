// A response as a rule has it that it is for.

import { isFor, type MatchableRule } from './rule-match.ts';
import type { Response } from './settings.ts';
import { guarded } from './unless.ts';

export interface BoundResponse {
  readonly response: Response;
  /** Number of the guard that its `unless` is compiled to. */
  readonly guard?: number;
}

/** Those for a rule's alerts, which the agent performs, or the kernel has. */
export function boundTo(rule: MatchableRule, responses: readonly Response[]): readonly BoundResponse[] {
  const guards = guarded(responses);
  return responses
    .filter(({ match }) => isFor(match, rule))
    .map((response) => {
      const guard = guards.indexOf(response);
      return { response, ...(guard >= 0 && { guard }) };
    });
}
