// Runs rule tests of all kinds, and returns the results in the order of the tests.

import type { CompileDiagnostic } from '../compiler/compile.ts';
import type { RuleSource } from '../compiler/rules/rule.ts';
import type { Response } from '../responses/settings.ts';
import type { EventSource } from '../schema/event-source.ts';
import type { SoundRecording } from './recordings.ts';
import type { RecordingTest, RuleTest, TestResult } from './rule-test.ts';
import { runAuditTests } from './run-audit-events.ts';
import { runEventTests } from './run-events.ts';
import { runRecordingTests } from './run-recordings.ts';

export interface TestRun {
  readonly results: readonly TestResult[];
  /** The compiler's diagnostics of the rules. */
  readonly diagnostics: readonly CompileDiagnostic[];
}

/**
 * @param recordings those of all tests on recordings
 * @param cacheDirectory of compiled modules
 * @param responses those that tests may expect
 * @throws RuleTestError, RuleLoadError
 */
export async function runTests(
  rules: readonly RuleSource[],
  tests: readonly RuleTest[],
  recordings: ReadonlyMap<RecordingTest, SoundRecording>,
  cacheDirectory: string,
  responses: readonly Response[] = [],
): Promise<TestRun> {
  const onCalls = ofSource(rules, 'syscall');
  const onAudit = ofSource(rules, 'k8s_audit');
  const eventTests = tests.filter((test) => test.kind === 'event');
  const auditTests = tests.filter((test) => test.kind === 'audit');
  const onRecordings = [...recordings].map(([test, recording]) => ({ test, recording }));
  const calls = [
    ...(eventTests.length > 0 ? [await runEventTests(onCalls.rules, eventTests, cacheDirectory, responses)] : []),
    ...(onRecordings.length > 0 ? [await runRecordingTests(onCalls.rules, onRecordings, cacheDirectory)] : []),
  ];
  const audit =
    auditTests.length > 0 ? [await runAuditTests(onAudit.rules, auditTests, cacheDirectory, responses)] : [];
  const results = new Map<RuleTest, TestResult>([...calls, ...audit].flatMap((run) => [...run.results]));
  return {
    results: tests.flatMap((test) => results.get(test) ?? []),
    // Both modules on system calls are compiled from the same rules, so one set of diagnostics suffices.
    diagnostics: [...onCalls.placed(calls[0]?.diagnostics ?? []), ...onAudit.placed(audit[0]?.diagnostics ?? [])],
  };
}

/** The rules of a source, and the compiler's diagnostics of those as diagnostics of all rules. */
function ofSource(rules: readonly RuleSource[], source: EventSource) {
  const own = [...rules.entries()].filter(([, rule]) => rule.source === source);
  return {
    rules: own.map(([, rule]) => rule),
    placed: (diagnostics: readonly CompileDiagnostic[]) =>
      diagnostics.map((item) => ({ ...item, rule: own[item.rule]?.[0] ?? 0 })),
  };
}
