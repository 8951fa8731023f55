// Runs rule tests of both kinds, and returns the results in the order of the tests.

import type { CompileDiagnostic } from '../compiler/compile.ts';
import type { RuleSource } from '../compiler/rules/rule.ts';
import type { Response } from '../responses/settings.ts';
import type { SoundRecording } from './recordings.ts';
import type { EventTest, RecordingTest, RuleTest, TestResult } from './rule-test.ts';
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
 * @throws RuleTestError
 */
export async function runTests(
  rules: readonly RuleSource[],
  tests: readonly RuleTest[],
  recordings: ReadonlyMap<RecordingTest, SoundRecording>,
  cacheDirectory: string,
  responses: readonly Response[] = [],
): Promise<TestRun> {
  const onEvents = tests.filter((test): test is EventTest => test.kind === 'event');
  const onRecordings = [...recordings].map(([test, recording]) => ({ test, recording }));
  const runs = [
    ...(onEvents.length > 0 ? [await runEventTests(rules, onEvents, cacheDirectory, responses)] : []),
    ...(onRecordings.length > 0 ? [await runRecordingTests(rules, onRecordings, cacheDirectory)] : []),
  ];
  const results = new Map<RuleTest, TestResult>(runs.flatMap((run) => [...run.results]));
  return {
    results: tests.flatMap((test) => results.get(test) ?? []),
    // Both modules are compiled from the same rules, so one set of diagnostics suffices.
    diagnostics: runs[0]?.diagnostics ?? [],
  };
}
