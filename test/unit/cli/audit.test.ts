// Rules on audit events at the command line: checked, compiled, tested and evaluated on files of events.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { RuleModuleError } from '../../../host/agent/modules/rule-module.ts';
import { loadCompiledRules } from '../../../host/daemon/rules/compile.ts';
import { waspreyIn } from '../../support/command-line.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'wasprey-audit-cli-'));
after(() => rmSync(FOLDER, { recursive: true }));

const RULES = `
- rule: Secret read
  desc: d
  condition: ka.verb = get and ka.target.resource = secrets
  output: "%ka.user.name read %jevt.value[/objectRef/name] from %ka.sourceips"
  priority: WARNING
  source: k8s_audit
- rule: Shell
  desc: d
  condition: evt.type = execve and proc.name = sh
  output: "%proc.name"
  priority: NOTICE
`;

const EVENT = {
  kind: 'Event',
  auditID: 'a',
  stageTimestamp: '2026-03-04T09:15:30.5Z',
  verb: 'get',
  user: { username: 'eve\u001b[2J' },
  sourceIPs: ['192.0.2.1', '10.0.0.1'],
  objectRef: { resource: 'secrets', name: 'token' },
};

function file(name: string, text: string): string {
  const path = join(FOLDER, name);
  writeFileSync(path, text);
  return path;
}

function wasprey(...words: string[]) {
  return waspreyIn({ cwd: FOLDER }, ...words);
}

file('rules.yaml', RULES);
file('audit.log', `${JSON.stringify(EVENT)}\n${JSON.stringify({ ...EVENT, verb: 'list' })}\n`);

test('rules of both sources are valid in one file, each with its fields', () => {
  assert.deepEqual(wasprey('validate', 'rules.yaml'), { status: 0, stdout: '1 file, 2 rules: valid\n', stderr: '' });
  const wrong = RULES.replace('ka.verb = get', 'proc.name = get').replace('proc.name = sh', 'ka.verb = sh');
  file('wrong.yaml', wrong);
  const { status, stderr } = wasprey('validate', 'wrong.yaml');
  assert.equal(status, 1);
  assert.match(
    stderr,
    /unknown field proc\.name of source k8s_audit[\s\S]*it is a field of rules with `source: syscall`/,
  );
  assert.match(stderr, /unknown field ka\.verb\n[\s\S]*it is a field of rules with `source: k8s_audit`/);
  file('typo.yaml', RULES.replace('ka.verb =', 'ka.verbs ='));
  assert.match(
    wasprey('validate', 'typo.yaml').stderr,
    /unknown field ka\.verbs of source k8s_audit[\s\S]*did you mean ka\.verb\?/,
  );
});

test('operators of lists, and the form of their index, are checked', () => {
  const error = (condition: string): string => {
    file('one.yaml', RULES.replace('ka.verb = get', condition));
    return wasprey('validate', 'one.yaml').stderr;
  };
  assert.match(error('ka.sourceips = x'), /ka\.sourceips \(a list, CHARBUF\) has no operator =/);
  assert.match(error('ka.req.pod.containers.image[0] contains x'), /has no operator contains/);
  for (const index of ['01', 'a', '-1', '*'])
    assert.match(error(`ka.sourceips[${index}] exists`), /takes a number from 0/);
  assert.match(error('ka.uri.param exists'), /field ka\.uri\.param needs an argument/);
  assert.match(error('ka.verb[0] exists'), /ka\.verb takes no argument/);
  assert.equal(error('ka.sourceips[0] intersects (a)'), '');
});

test('an audit log is replayed with the rules of its source alone', () => {
  const { status, stdout, stderr } = wasprey('replay', 'audit.log', '-r', 'rules.yaml', '--json');
  assert.equal(status, 0, stderr);
  const alert = JSON.parse(stdout);
  assert.equal(stdout.split('\n').length, 2);
  assert.equal(alert.source, 'k8s_audit');
  assert.equal(alert.time, '2026-03-04T09:15:30.500000000Z');
  assert.deepEqual(alert.output_fields, {
    'evt.time': 1772615730500000000,
    'jevt.value[/objectRef/name]': 'token',
    'ka.sourceips': ['192.0.2.1', '10.0.0.1'],
    'ka.user.name': 'eve\u001b[2J',
  });
  assert.match(stderr, /Replayed 2 events: 1 alert/);
});

test('text is escaped for the terminal', () => {
  const { stdout } = wasprey('replay', 'audit.log', '-r', 'rules.yaml');
  assert.match(stdout, /: Warning eve\S+\[2J read token from \(192\.0\.2\.1,10\.0\.0\.1\)\n$/);
  assert.ok(!stdout.includes('\u001b'));
});

test('a line that is not an event is reported with its number, and the status is 1', () => {
  file('mixed.log', `${JSON.stringify(EVENT)}\n{"kind":"Pod"}\nnot JSON\n`);
  const { status, stdout, stderr } = wasprey('replay', 'mixed.log', '-r', 'rules.yaml');
  assert.equal(status, 1);
  assert.match(stdout, /read token/);
  assert.match(
    stderr,
    /mixed\.log:2: it is not an audit event \[not-an-event\]\nwasprey: mixed\.log:3: no JSON at byte 0 \[not-json\]/,
  );
  assert.match(stderr, /Replayed 1 event: 1 alert[\s\S]*left out 1 not audit events\n {2}left out 1 not JSON/);
});

test('without rules for them, audit events are refused', () => {
  const { status, stderr } = wasprey('replay', 'audit.log');
  assert.equal(status, 2);
  assert.match(stderr, /audit events need rules of their own/);
});

test('a module states its source, and runs on events of that alone', () => {
  assert.equal(wasprey('compile', 'rules.yaml', '-o', 'calls.wasm').status, 0);
  const { status, stderr } = wasprey('compile', 'rules.yaml', '--source', 'k8s_audit', '-o', 'audit.wasm');
  assert.equal(status, 0, stderr);
  assert.match(stderr, /audit\.wasm: 1 rule,/);
  assert.match(wasprey('inspect', 'audit.wasm').stdout, /^ {2}source +k8s_audit$/m);
  const manifest = JSON.parse(wasprey('inspect', '--json', 'audit.wasm').stdout).manifest;
  assert.deepEqual([manifest.eventSource, manifest.auditValues, manifest.eventTypes], ['k8s_audit', [], ['k8s_audit']]);
  assert.match(wasprey('replay', 'audit.log', '-m', 'audit.wasm').stdout, /read token/);
  assert.match(wasprey('replay', 'audit.log', '-m', 'calls.wasm').stderr, /events of source syscall, not of k8s_audit/);
  const isRefused = (error: unknown): boolean =>
    error instanceof RuleModuleError && error.code === 'MODULE_OTHER_SOURCE';
  assert.throws(() => loadCompiledRules(join(FOLDER, 'audit.wasm')), isRefused);
  assert.match(wasprey('compile', 'rules.yaml', '--source', 'k8s', '-o', 'x.wasm').stderr, /--source can't be 'k8s'/);
});

test('fields are listed by source', () => {
  const names = (...words: string[]) => wasprey('list', 'fields', '--names', ...words).stdout.split('\n');
  const audit = names('--source', 'k8s_audit');
  assert.ok(audit.includes('ka.uri.param[KEY]') && audit.includes('ka.sourceips[N]') && audit.includes('evt.num'));
  assert.ok(!audit.some((name) => /^(?:proc|fd|evt\.type|evt\.arg)/.test(name)));
  assert.ok(!names().some((name) => /^(?:ka|jevt|json)\./.test(name)));
});

test('explain and lint know rules on audit events', () => {
  const { stdout } = wasprey('explain', 'Secret read', 'rules.yaml');
  assert.match(stdout, /evaluated on k8s_audit/);
  assert.doesNotMatch(stdout, /not captured|In the kernel|per process/);
  assert.match(wasprey('lint', 'rules.yaml').stdout, /^2 rules: no findings/m);
  file('twice.yaml', RULES.replace('ka.verb = get', 'ka.verb = get and ka.verb = list'));
  assert.match(wasprey('lint', 'twice.yaml').stdout, /LINT_ALWAYS_FALSE[\s\S]*ka\.verb can't equal both/);
});

test('rule tests on audit events: of a file, and written in the test', () => {
  const json = JSON.stringify({ ...EVENT, user: { username: 'bob' } });
  file(
    'tests.yaml',
    `rules: [rules.yaml]
tests:
  - {name: a log, audit: audit.log, expect: {Secret read: 1}}
  - name: an event
    audit: '${json}'
    expect: {Secret read: "bob read token from (192.0.2.1,10.0.0.1)"}
  - {name: a call, event: {evt.type: execve, proc.name: sh}, expect: Shell}
  - {name: wrong, audit: audit.log, expect: none}
`,
  );
  const { status, stdout } = wasprey('test', 'tests.yaml');
  assert.equal(status, 1);
  assert.match(stdout, /ok {4}a log\nok {4}an event\nok {4}a call\nFAIL {2}wrong\n[\s\S]*3 passed, 1 failed/);
  file('broken.yaml', 'rules: [rules.yaml]\ntests:\n  - {name: x, audit: \'{"kind":"Pod"}\', expect: none}\n');
  const broken = wasprey('test', 'broken.yaml');
  assert.equal(broken.status, 1);
  assert.match(broken.stderr, /can't be used: it is not an audit event[\s\S]*--> broken\.yaml:3:/);
});
