// Which responses would be performed for an event of a test, and how that differs from what the test expects.

import type { CompileDiagnostic } from '../compiler/compile.ts';
import type { RuleSource } from '../compiler/rules/rule.ts';
import { actsOn } from '../responses/acted-sources.ts';
import type { Response } from '../responses/settings.ts';
import { guarded } from '../responses/unless.ts';
import { DEFAULT_SOURCE } from '../schema/event-source.ts';
import { parsePriority } from '../schema/priority.ts';
import { type ExpectedResponses, type ResponseProblem, RuleTestError } from './rule-test.ts';

/** What came of a response: the rule that it would be performed for, or why it would not. */
export type Tried = { readonly rule: string } | { readonly why: string };

export const FOR_NO_MATCH: Tried = { why: 'it is for none of the rules that matched' };

export function* responseProblems(
  expected: ExpectedResponses,
  responses: readonly Response[],
  tried: (response: Response) => Tried,
): Generator<ResponseProblem> {
  if (!expected) return;
  for (const response of responses) {
    const { name } = response;
    const isExpected = expected.some((one) => one.response === name);
    const result = tried(response);
    if ('rule' in result && !isExpected) yield { kind: 'response-unexpected', response: name, rule: result.rule };
    if ('why' in result && isExpected) yield { kind: 'response-missing', response: name, why: result.why };
  }
}

/**
 * On an event given by its fields.
 * @param matched the rules that matched
 * @param holds whether the guard of that number holds for the event
 */
export function triedOnCall(
  response: Response,
  responses: readonly Response[],
  matched: readonly RuleSource[],
  holds: (guard: number) => boolean,
): Tried {
  const rule = matched.find((one) => isActedOn(response, one));
  if (!rule) return FOR_NO_MATCH;
  const guard = guarded(responses, DEFAULT_SOURCE).indexOf(response);
  return guard >= 0 && holds(guard) ? { why: '`unless` holds' } : { rule: rule.name };
}

function isActedOn(response: Response, { name, tags, priority, source }: RuleSource): boolean {
  const known = parsePriority(priority);
  return known !== undefined && actsOn(response, { name, tags, priority: known, source });
}

/**
 * @param first index of the first guard in what was compiled
 * @throws {RuleTestError} for a condition of a response that can't be compiled
 */
export function refuseBrokenGuards(
  diagnostics: readonly CompileDiagnostic[],
  guards: readonly RuleSource[],
  first: number,
): void {
  const error = diagnostics.find(({ severity, rule }) => severity === 'error' && rule >= first);
  if (!error) return;
  throw new RuleTestError(
    `\`unless\` of response ${guards[error.rule - first]?.name} can't be compiled: ${error.message}`,
  );
}
