// Which responses would be performed for an event of a test, and how that differs from what the test expects.

import type { RuleSource } from '../compiler/rules/rule.ts';
import { isFor } from '../responses/rule-match.ts';
import type { Response } from '../responses/settings.ts';
import { guarded } from '../responses/unless.ts';
import { parsePriority } from '../schema/priority.ts';
import type { EventTest, ResponseProblem } from './rule-test.ts';

/**
 * @param matched the rules that matched
 * @param holds whether the guard of that number holds for the event
 */
export function* responseProblems(
  { respond }: EventTest,
  responses: readonly Response[],
  matched: readonly RuleSource[],
  holds: (guard: number) => boolean,
): Generator<ResponseProblem> {
  if (!respond) return;
  const guards = guarded(responses);
  for (const response of responses) {
    const { name } = response;
    const isExpected = respond.some((one) => one.response === name);
    const rule = matched.find((one) => isForSource(response, one));
    const guard = guards.indexOf(response);
    const isExcepted = guard >= 0 && holds(guard);
    if (rule && !isExcepted && !isExpected) yield { kind: 'response-unexpected', response: name, rule: rule.name };
    if (isExpected && (!rule || isExcepted)) {
      const why = rule ? '`unless` holds' : 'it is for none of the rules that matched';
      yield { kind: 'response-missing', response: name, why };
    }
  }
}

function isForSource({ match }: Response, { name, tags, priority }: RuleSource): boolean {
  const known = parsePriority(priority);
  return known !== undefined && isFor(match, { name, tags, priority: known });
}
