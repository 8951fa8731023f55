// Cases beyond the corpus, by group (reference-conditions.ts, reference-files.ts, reference-events.ts): what the rule language's reference says comes of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printCanonical } from '../../host/compiler/conditions/print.ts';
import { loadRules } from '../../host/compiler/rules/load.ts';
import { EVAL_SUITE } from './eval-suite.ts';
import { PARSE_SUITE } from './parse-suite.ts';
import { parseCases } from './reference-conditions.ts';
import { evalCorpus } from './reference-events.ts';
import { type LoadCase, loadCases } from './reference-files.ts';
import type { CaseResult } from './suite.ts';

function assertNone(failures: readonly string[], cases: number): void {
  assert.ok(cases > 100, `${cases} cases`);
  assert.equal(failures.length, 0, `${failures.length} of ${cases} fail\n${failures.slice(0, 30).join('\n')}`);
}

async function failuresOf(results: AsyncIterable<CaseResult> | Iterable<CaseResult>): Promise<string[]> {
  const failures: string[] = [];
  for await (const { id, failure } of results) if (failure !== undefined) failures.push(`${id}: ${failure}`);
  return failures;
}

test('quoted and bare texts, arguments and right sides of conditions', async () => {
  const cases = parseCases();
  assertNone(await failuresOf(PARSE_SUITE.run({ cases }, '')), cases.length);
});

/** What came of a case, in the form of its expectation. */
function outcome({ items, expect }: LoadCase): LoadCase['expect'] {
  const { successful, errors, warnings, rules } = loadRules([{ name: 'rules.yaml', text: JSON.stringify(items) }]);
  if (!successful) return { error: errors[0]?.code ?? 'none' };
  const conditions = rules.map(({ condition }) => printCanonical(condition));
  if (!('warnings' in expect)) return { conditions };
  return { conditions, warnings: warnings.map(({ code }) => code).filter((code) => code.startsWith('LOAD_')) };
}

test('exceptions, overrides, skipped rules and outputs', () => {
  const cases = loadCases();
  const failures = cases.flatMap((each) => {
    const [got, expected] = [JSON.stringify(outcome(each)), JSON.stringify(each.expect)];
    return got === expected ? [] : [`${each.id}: expected ${expected}, got ${got}`];
  });
  assertNone(failures, cases.length);
});

test('addresses, networks and ports: connected or not, IPv4 and IPv6, and lists of them', async () => {
  const corpus = evalCorpus();
  const cases = corpus.events.flatMap((event) => event.cases);
  assertNone(await failuresOf(EVAL_SUITE.run(corpus, '')), cases.length);
});
