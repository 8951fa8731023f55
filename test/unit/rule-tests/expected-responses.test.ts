// Tests of rules that expect responses.

import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { loadRules } from '../../../host/compiler/rules/load.ts';
import { ruleSourceOf } from '../../../host/compiler/rules/rule.ts';
import { RuleLoadError } from '../../../host/diagnostics/diagnostic.ts';
import { SourceFile } from '../../../host/diagnostics/source-file.ts';
import type { Response } from '../../../host/responses/settings.ts';
import { readTestFile, requireKnownResponses } from '../../../host/rule-tests/read-tests.ts';
import { junitXml, resultText } from '../../../host/rule-tests/report.ts';
import { runTests } from '../../../host/rule-tests/run-tests.ts';
import { EVENT_SOURCES } from '../../../host/schema/event-source.ts';
import { responseOf } from '../../support/responses/response-sets.ts';

const RULES = `
- rule: Shadow read
  desc: x
  condition: evt.type in (open, openat) and fd.name = /etc/shadow
  output: "x"
  priority: WARNING
  tags: [secrets]
- rule: Quiet
  desc: x
  condition: evt.type = execve
  output: "x"
  priority: DEBUG
`;

const RESPONSES = [
  responseOf({ name: 'freeze', match: { tags: ['secrets'] }, unless: 'proc.name in (backup, agent-x)' }),
  responseOf({ name: 'severe', match: { rules: ['*'], priority: 'Warning' } }),
  responseOf({ name: 'renames', match: { rules: ['*'] }, unless: 'not evt.type = rename' }),
  responseOf({ name: 'in the kernel', match: { rules: ['Shadow*'] }, action: 'deny', where: 'kernel' }),
];

async function run(tests: string, text = RULES, responses: readonly Response[] = RESPONSES): Promise<string[]> {
  const file = readTestFile(
    new SourceFile('tests.yaml', `rules: [rules.yaml]\nresponses: wasprey.yaml\ntests:\n${tests}`),
  );
  const rules = loadRules([{ name: 'rules.yaml', text }], { sources: EVENT_SOURCES }).rules.map(ruleSourceOf);
  const cache = join(tmpdir(), 'wasprey-test-modules');
  const { results } = await runTests(rules, file.tests, new Map(), cache, responses);
  assert.match(junitXml([{ file: 'tests.yaml', results }]), /<testsuites tests="\d+"/);
  return results.map(resultText);
}

const READ = 'evt.type: openat, fd.name: /etc/shadow';

const AUDIT_RULES = `
- rule: Exec
  desc: x
  condition: ka.target.subresource = exec
  output: "x"
  priority: NOTICE
  source: k8s_audit
`;

/** An event of \`kubectl exec\`, as a test writes it. */
function execBy(user: string, code = 101): string {
  return `'${JSON.stringify({
    ...{ kind: 'Event', apiVersion: 'audit.k8s.io/v1', auditID: user, verb: 'create', user: { username: user } },
    objectRef: { resource: 'pods', subresource: 'exec', namespace: 'shop', name: 'web-1' },
    responseStatus: { code },
    requestReceivedTimestamp: '2026-11-28T10:00:05.300000Z',
    stageTimestamp: '2026-11-28T10:00:05.400000Z',
  })}'`;
}

test('responses to audit events are compared in the same way', async () => {
  const responses = [
    responseOf({ name: 'label', match: { rules: ['Exec'] }, action: 'label_pod', unless: 'ka.user.name = alice' }),
    responseOf({ name: 'freeze', match: { rules: ['*'] } }),
    responseOf({ name: 'remove', match: { rules: ['*'] }, action: 'delete_pod', unless: 'proc.name = sh' }),
  ];
  const results = await run(
    `
  - {name: entered, audit: ${execBy('mallory')}, expect: Exec, respond: label}
  - {name: excepted, audit: ${execBy('alice')}, expect: Exec, respond: none}
  - {name: refused, audit: ${execBy('mallory', 403)}, expect: Exec, respond: none}
  - {name: too few, audit: ${execBy('mallory')}, expect: Exec, respond: none}
  - {name: too many, audit: ${execBy('alice')}, expect: Exec, respond: [label, freeze]}
  - {name: of a refused one, audit: ${execBy('mallory', 403)}, expect: Exec, respond: label}
`,
    AUDIT_RULES,
    responses,
  );
  assert.deepEqual(results.slice(0, 3), ['ok    entered\n', 'ok    excepted\n', 'ok    refused\n']);
  const details = results.slice(3).map((text) => text.split('\n').filter((line) => line.includes('response')));
  assert.deepEqual(details, [
    ['      + response label, to Exec'],
    ['      - response label: `unless` holds', '      - response freeze: it is for none of the rules that matched'],
    ['      - response label: the request was refused (403)'],
  ]);
});

test('responses to the rules that match are compared, if they are named', async () => {
  const results = await run(`
  - {name: all, event: {${READ}, proc.name: cat}, expect: Shadow read, respond: [freeze, severe, in the kernel]}
  - {name: unless, event: {${READ}, proc.name: agent-x}, expect: Shadow read, respond: [severe, in the kernel]}
  - {name: not compared, event: {${READ}, proc.name: cat}, expect: Shadow read}
  - {name: another rule, event: {evt.type: execve}, expect: Quiet, respond: none}
  - {name: no rule, event: {evt.type: unlink}, expect: none, respond: none}
  - {name: too few, event: {${READ}, proc.name: cat}, expect: Shadow read, respond: freeze}
  - {name: too many, event: {${READ}, proc.name: backup}, expect: Shadow read, respond: [freeze, severe, in the kernel, renames]}
  - {name: nothing matches, event: {evt.type: unlink}, expect: none, respond: severe}
`);
  assert.deepEqual(
    results.slice(0, 5),
    ['all', 'unless', 'not compared', 'another rule', 'no rule'].map((name) => `ok    ${name}\n`),
  );
  const details = results.slice(5).map((text) => text.split('\n').filter((line) => line.includes('response')));
  assert.deepEqual(details, [
    ['      + response severe, to Shadow read', '      + response in the kernel, to Shadow read'],
    ['      - response freeze: `unless` holds', '      - response renames: `unless` holds'],
    ['      - response severe: it is for none of the rules that matched'],
  ]);
});

describe('a test file is refused', () => {
  for (const [what, text, expected] of [
    [
      'that names no responses',
      `rules: [r]\ntests: [{name: a, event: {${READ}}, expect: none, respond: [x]}]`,
      /names no responses/,
    ],
    [
      'whose recording expects some',
      'rules: [r]\nresponses: w\ntests: [{name: a, recording: f, expect: none, respond: [x]}]',
      /recording has no expected responses/,
    ],
    [
      'that expects a list in place of a name',
      `rules: [r]\nresponses: w\ntests: [{name: a, event: {${READ}}, expect: none, respond: [[x]]}]`,
      /selected by its name/,
    ],
    [
      'that expects an unknown one',
      `rules: [r]\nresponses: w\ntests: [{name: a, event: {${READ}}, expect: none, respond: [freese]}]`,
      /No response has the name freese/,
    ],
  ] as const) {
    test(what, () => {
      assert.throws(
        () => requireKnownResponses(readTestFile(new SourceFile('tests.yaml', text)).tests, ['freeze']),
        (error) => error instanceof RuleLoadError && expected.test(error.message) && error.diagnostic.line >= 2,
      );
    });
  }
});
