// A response bound to a rule.

import { isEventSource } from '../schema/event-source.ts';
import { actsOn, type SourcedRule } from './acted-sources.ts';
import type { Response } from './settings.ts';
import { guarded } from './unless.ts';

export interface BoundResponse {
  readonly response: Response;
  /** Number of the guard that its `unless` is compiled to, among those of the rule's source. */
  readonly guard?: number;
}

/** The responses for a rule's alerts: the agent performs them, or the kernel has. */
export function boundTo(rule: SourcedRule, responses: readonly Response[]): readonly BoundResponse[] {
  const guards = isEventSource(rule.source) ? guarded(responses, rule.source) : [];
  return responses
    .filter((response) => actsOn(response, rule))
    .map((response) => {
      const guard = guards.indexOf(response);
      return { response, ...(guard >= 0 && { guard }) };
    });
}
