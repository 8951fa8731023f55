// Runs tests on audit events: each rule of that source on its own, on the events of a file or of the test itself.

import { loadRuleModule } from '../agent/rule-module.ts';
import { logLines } from '../audit/events/log-lines.ts';
import { auditAlerts } from '../audit/replay.ts';
import { compileModule } from '../compiler/compile.ts';
import type { RuleSource } from '../compiler/rules/rule.ts';
import { RuleLoadError } from '../diagnostics/diagnostic.ts';
import { reasonOf } from '../diagnostics/system-reason.ts';
import { AUDIT_EVENT_TYPE } from '../schema/audit/record.ts';
import { AlertTally } from './recordings.ts';
import type { AuditTest, RunOf, TestResult } from './rule-test.ts';
import { outputsOf, resultOf } from './run-recordings.ts';

/**
 * @param cacheDirectory of compiled modules
 * @throws RuleLoadError for events that can't be read or evaluated: a test would prove nothing
 */
export async function runAuditTests(
  rules: readonly RuleSource[],
  tests: readonly AuditTest[],
  cacheDirectory: string,
): Promise<RunOf<AuditTest>> {
  const { wasm, diagnostics } = await compileModule(rules, { cacheDirectory });
  const module = rules.length > 0 ? loadRuleModule('the rules', wasm, ['k8s_audit']) : undefined;
  const results = new Map<AuditTest, TestResult>();
  for (const test of tests) {
    const tally = new AlertTally(test.expected.flatMap(outputsOf));
    if (module) evaluate(test, module, tally);
    results.set(test, resultOf(test, [AUDIT_EVENT_TYPE.name], rules, tally));
  }
  return { results, diagnostics };
}

function evaluate(test: AuditTest, module: ReturnType<typeof loadRuleModule>, output: AlertTally): void {
  const { stream } = auditAlerts({
    module,
    extras: {},
    output,
    ruleMatching: 'all',
    isoTime: false,
    hostname: 'localhost',
    onRefused: (_, reason) => refuse(test, reason),
  });
  for (const text of textsOf(test)) stream.take(text);
  if (stream.counters.evaluated === 0) refuse(test, 'there are none');
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
