// Runs tests on recordings: each recording is evaluated once, with every rule independently, and compared with the expectations.

import { loadRuleModule } from '../agent/modules/rule-module.ts';
import { compileModule } from '../compiler/compile.ts';
import type { RuleSource } from '../compiler/rules/rule.ts';
import { AlertTally, evaluateRecording, type SoundRecording } from './recordings.ts';
import type { AuditTest, Problem, RecordingTest, RunOf, TestResult } from './rule-test.ts';

/** A test and its recording. */
export interface CheckedTest {
  readonly test: RecordingTest;
  readonly recording: SoundRecording;
}

/**
 * @param cacheDirectory of compiled modules
 * @throws RuleTestError
 */
export async function runRecordingTests(
  rules: readonly RuleSource[],
  tests: readonly CheckedTest[],
  cacheDirectory: string,
): Promise<RunOf<RecordingTest>> {
  const { wasm, diagnostics } = await compileModule(rules, { cacheDirectory });
  const module = loadRuleModule('the rules', wasm);
  const results = new Map<RecordingTest, TestResult>();
  for (const ofPath of Map.groupBy(tests, ({ recording }) => recording.path).values()) {
    const [first] = ofPath;
    if (!first) continue;
    const tally = new AlertTally(ofPath.flatMap(({ test }) => test.expected.flatMap(outputsOf)));
    await evaluateRecording(first.recording, module, tally);
    for (const { test, recording } of ofPath)
      results.set(test, resultOf(test, recording.facts.eventTypes, rules, tally));
  }
  return { results, diagnostics };
}

export function outputsOf({ rule, output }: RecordingTest['expected'][number]): { rule: string; output: string }[] {
  return output === undefined ? [] : [{ rule, output }];
}

/** @param eventTypes that the events could have had */
export function resultOf(
  test: RecordingTest | AuditTest,
  eventTypes: readonly string[],
  rules: readonly RuleSource[],
  tally: AlertTally,
): TestResult {
  const matched = rules.flatMap(({ name }) => {
    const raised = tally.of(name);
    return raised ? [{ rule: name, alerts: raised.alerts }] : [];
  });
  return { test, matched, problems: [...problemsOf(test, eventTypes, rules, tally)] };
}

function* problemsOf(
  { expected }: RecordingTest | AuditTest,
  eventTypes: readonly string[],
  rules: readonly RuleSource[],
  tally: AlertTally,
): Generator<Problem> {
  for (const { rule, output, alerts } of expected) {
    const raised = tally.of(rule);
    if (alerts !== undefined && alerts !== (raised?.alerts ?? 0)) {
      yield { kind: 'count', rule, expected: alerts, got: raised?.alerts ?? 0, outputs: raised?.outputs ?? [] };
    } else if (!raised && alerts === undefined) {
      const ruleTypes = [...(rules.find(({ name }) => name === rule)?.eventTypes ?? [])].sort();
      const tried = ruleTypes.length === 0 || ruleTypes.some((type) => eventTypes.includes(type));
      const untried = { ruleTypes, testTypes: eventTypes };
      yield { kind: 'missing', rule, ...(tried ? {} : { untried }), falseParts: [] };
    } else if (raised && output !== undefined && !tally.hadOutput(rule, output)) {
      yield { kind: 'output', rule, expected: output, outputs: raised.outputs };
    }
  }
  for (const { name: rule } of rules) {
    const raised = tally.of(rule);
    if (raised && !expected.some((one) => one.rule === rule)) {
      yield { kind: 'unexpected', rule, outputs: raised.outputs };
    }
  }
}
