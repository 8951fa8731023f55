// Runs tests on audit events: each rule of that source on its own, on the events of a file or of the test itself.

import { loadRuleModule, type RuleModule } from '../agent/modules/rule-module.ts';
import { refusalOf } from '../agent/responses/node-responses.ts';
import { requestRefusal } from '../agent/responses/requested-pod.ts';
import { requestResponses } from '../agent/responses/response-set.ts';
import { logLines } from '../audit/events/log-lines.ts';
import { type AuditAlertOptions, auditAlerts } from '../audit/replay.ts';
import { compileModule } from '../compiler/compile.ts';
import type { RuleSource } from '../compiler/rules/rule.ts';
import { RuleLoadError } from '../diagnostics/diagnostic.ts';
import { reasonOf } from '../diagnostics/system-reason.ts';
import { guardRules } from '../responses/guard-rules.ts';
import type { Response } from '../responses/settings.ts';
import { AUDIT_EVENT_TYPE } from '../schema/audit/record.ts';
import { FOR_NO_MATCH, refuseBrokenGuards, responseProblems, type Tried } from './expected-responses.ts';
import { AlertTally } from './recordings.ts';
import type { AuditTest, RunOf, TestResult } from './rule-test.ts';
import { outputsOf, resultOf } from './run-recordings.ts';

/**
 * @param cacheDirectory of compiled modules
 * @param responses those that tests may expect
 * @throws RuleLoadError for events that can't be read or evaluated: a test would prove nothing
 * @throws RuleTestError
 */
export async function runAuditTests(
  rules: readonly RuleSource[],
  tests: readonly AuditTest[],
  cacheDirectory: string,
  responses: readonly Response[] = [],
): Promise<RunOf<AuditTest>> {
  const { wasm, diagnostics } = await compileModule(rules, { cacheDirectory });
  const guard = await compileGuards(responses, cacheDirectory);
  const module =
    rules.length > 0 ? requestResponses(loadRuleModule('the rules', wasm, ['k8s_audit']), responses) : undefined;
  const results = new Map<AuditTest, TestResult>();
  for (const test of tests) {
    const tally = new AlertTally(test.expected.flatMap(outputsOf));
    const tried = module ? evaluate(test, { module, guard, output: tally }) : new Map<Response, Tried>();
    const result = resultOf(test, [AUDIT_EVENT_TYPE.name], rules, tally);
    const ofResponses = responseProblems(test.respond, responses, (each) => tried.get(each) ?? FOR_NO_MATCH);
    results.set(test, { ...result, problems: [...result.problems, ...ofResponses] });
  }
  return { results, diagnostics };
}

async function compileGuards(responses: readonly Response[], cacheDirectory: string): Promise<RuleModule | undefined> {
  const guards = guardRules(responses, 'k8s_audit');
  if (guards.length === 0) return undefined;
  const { wasm, diagnostics } = await compileModule(guards, { cacheDirectory });
  refuseBrokenGuards(diagnostics, guards, 0);
  return loadRuleModule('responses (unless)', wasm, ['k8s_audit']);
}

/** @returns what came of the responses that are for rules that matched */
function evaluate(
  test: AuditTest,
  rules: Pick<AuditAlertOptions, 'module' | 'guard' | 'output'>,
): ReadonlyMap<Response, Tried> {
  const tried = new Map<Response, Tried>();
  const { stream } = auditAlerts({
    ...rules,
    extras: {},
    ruleMatching: 'all',
    isoTime: false,
    hostname: 'localhost',
    respond: ({ name, responses = [] }, { fields, acts }) => {
      for (const { response, guard } of responses) {
        const before = tried.get(response);
        if (before && 'rule' in before) continue;
        const why = refusalOf(acts, guard) ?? requestRefusal(fields);
        tried.set(response, why?.kind === 'refused' ? { why: why.detail } : { rule: name });
      }
      // The alert is sent as it is.
      return false;
    },
    onRefused: (_, reason) => refuse(test, reason),
  });
  for (const text of textsOf(test)) stream.take(text);
  if (stream.counters.evaluated === 0) refuse(test, 'there are none');
  return tried;
}

function* textsOf(test: AuditTest): Generator<Uint8Array> {
  const { events } = test;
  if ('json' in events) {
    yield Buffer.from(events.json);
    return;
  }
  try {
    for (const { number, bytes } of logLines(events.path)) yield bytes ?? refuse(test, `line ${number} is too long`);
  } catch (error) {
    if (error instanceof RuleLoadError) throw error;
    refuse(test, reasonOf(error));
  }
}

function refuse({ context, events }: AuditTest, reason: string): never {
  const from = 'path' in events ? ` of ${events.path}` : '';
  throw new RuleLoadError('LOAD_ERR_VALIDATE', `The audit events${from} can't be used: ${reason}`, context);
}
