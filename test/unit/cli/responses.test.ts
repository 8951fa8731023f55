// The command `wasprey responses check`: what it says of a configuration's responses and the rules that they are for.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadConfig } from '../../../host/config/load.ts';
import { loadResponses, refuseMisplaced } from '../../../host/daemon/responses.ts';
import { EVENT_SOURCES, type EventSource } from '../../../host/schema/event-source.ts';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { auditModule } from '../../support/audit/audit-rules.ts';
import { wasprey } from '../../support/command-line.ts';
import { moduleOf } from '../../support/records/built-agent.ts';

const RULES = `
- rule: Reverse shell
  desc: x
  condition: evt.type = connect and proc.name = bash
  output: "x"
  priority: CRITICAL
  tags: [mitre_execution]
- rule: Shadow read
  desc: x
  condition: evt.type in (open, openat) and fd.name = /etc/shadow
  output: "x"
  priority: NOTICE
`;

let folder = '';
let rules = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasprey-responses-'));
  rules = join(folder, 'rules.yaml');
  writeFileSync(rules, RULES);
});
after(() => rmSync(folder, { recursive: true }));

function check(configuration: string, ...words: string[]) {
  const path = join(folder, 'wasprey.yaml');
  writeFileSync(path, configuration);
  return wasprey('responses', 'check', '-c', path, ...words);
}

/** What stands below `responses.actions`. */
const kill = (match: string, more = '') =>
  `responses:\n  actions:\n  - {name: end it, match: ${match}, do: kill_process${more}}\n`;

test('errors have their place, and nothing else is reported', () => {
  const { status, stdout, stderr } = check(kill('{rules: ["*"]}', ', unless: proc.nmae = x'), rules);
  assert.equal(status, 1);
  assert.equal(stdout, '');
  assert.match(
    stderr,
    /error\[LOAD_ERR_COMPILE_CONDITION\]: unknown field proc\.nmae\n {2}--> .*wasprey\.yaml:3:\d+\n/,
  );
  assert.match(stderr, /did you mean proc\.name\?/);
});

test('the example of the documentation is for a rule that comes with Wasprey', () => {
  const text = readFileSync(join(PROJECT, 'host/responses/README.md'), 'utf8');
  const [, example = ''] = /```yaml\n(.*?)```/s.exec(text) ?? [];
  const { status, stdout, stderr } = check(example);
  assert.deepEqual([status, stderr], [0, '']);
  assert.match(stdout, /for 1 rule: Shell started on a connection/);
});

test('a configuration without responses is valid', () => {
  const { status, stdout } = check('{}', rules);
  assert.equal(status, 0);
  assert.match(stdout, /^0 responses for 2 rules: valid\nmode observe/);
});

test('what was done is shown from the journal', () => {
  const path = join(folder, 'log.yaml');
  const journal = join(folder, 'journal');
  writeFileSync(path, `journal: {folder: ${journal}}\n`);
  const log = (...words: string[]) => wasprey('responses', 'log', '-c', path, ...words);
  assert.match(log().stderr, /has no responses/);
  mkdirSync(journal);
  const what = { response: 'freeze', action: 'pause_container', outcome: 'done' };
  const record = { time: 0, rule: 'Reverse shell', ...what, text: 'freeze: paused container \u001b[31mweb' };
  writeFileSync(join(journal, 'responses.jsonl'), `${JSON.stringify(record)}\n`);
  const { status, stdout } = log();
  assert.equal(status, 0);
  assert.match(stdout, /^1970-01-01T00:00:00\.000Z Reverse shell: freeze: paused container .*web\n$/);
  assert.ok(!stdout.includes('\u001b'), 'what a process has chosen is escaped');
  assert.deepEqual(JSON.parse(log('--json').stdout), { folder: journal, records: [record] });
});

test('the word is required', () => {
  const { status, stderr } = wasprey('responses');
  assert.equal(status, 2);
  assert.match(stderr, /wasprey responses check/);
});

describe('responses', () => {
  test('are shown with the rules that they are for', () => {
    const { status, stdout, stderr } = check(kill('{rules: "R*", priority: error}', ', unless: proc.name = x'), rules);
    assert.equal(status, 0);
    assert.equal(stderr, '');
    assert.match(stdout, /\n\nend it: kill_process\n {2}for 1 rule: Reverse shell\n {2}unless proc\.name = x\n$/);
  });

  test('that are for none are warned of, with what was probably meant; --strict makes that an error', () => {
    const text = kill('{rules: [Shadow reat], tags: [mitre_exekution]}');
    const { status, stderr } = check(text, rules);
    assert.equal(status, 0);
    assert.match(stderr, /warning\[RESPONSE_UNMATCHED\]: no loaded rule is named Shadow reat\n.*wasprey\.yaml:3:\d+/);
    assert.match(stderr, /did you mean Shadow read\?[\s\S]*did you mean mitre_execution\?/);
    const strict = check(text, '--strict', '--json', rules);
    assert.equal(strict.status, 1);
    const { mode, responses, warnings } = JSON.parse(strict.stdout);
    assert.equal(mode, 'observe');
    assert.deepEqual(responses, [{ name: 'end it', do: 'kill_process', where: 'host', rules: [] }]);
    assert.equal(warnings.length, 2);
  });

  const AUDIT = `
- rule: Exec in pod
  desc: x
  condition: ka.target.subresource = exec
  output: "x"
  priority: NOTICE
  source: k8s_audit
  tags: [mitre_execution]
`;
  const sources = 'sources: {k8s_audit: {file: /var/log/audit.log}}\n';

  test('that are for rules on audit events are shown with those that they can act on', () => {
    writeFileSync(join(folder, 'audit.yaml'), AUDIT);
    const label =
      '  - {name: mark, match: {tags: [mitre_execution]}, do: label_pod, labels: {a: b}, unless: ka.verb = get}\n';
    const { status, stdout, stderr } = check(
      `${sources}${kill('{tags: [mitre_execution]}')}${label}`,
      rules,
      join(folder, 'audit.yaml'),
    );
    assert.equal(stderr, '');
    assert.equal(status, 0);
    assert.match(stdout, /\n\nend it: kill_process\n {2}for 1 rule: Reverse shell\n/);
    assert.match(stdout, /\n\nmark: label_pod\n {2}for 1 rule: Exec in pod\n {2}unless ka\.verb = get\n$/);
  });

  test('whose rules are all of a source that they can not act on are errors, with their place', () => {
    writeFileSync(join(folder, 'audit.yaml'), AUDIT);
    const of = (more: string) => `${sources}responses:\n  actions:\n  - {name: r, match: {rules: [Exec*]}, ${more}}\n`;
    for (const [more, at, message] of [
      [
        'do: kill_process',
        44,
        'whose events have no process and no container: kill_process is for rules of source syscall',
      ],
      [
        'do: deny, where: kernel',
        57,
        'whose events the kernel does not see: where: kernel is for rules of source syscall',
      ],
      ['do: delete_pod, unless: proc.name = x', 64, 'and its `unless` reads fields of source syscall'],
    ] as const) {
      const { status, stdout, stderr } = check(of(more), rules, join(folder, 'audit.yaml'));
      assert.equal(status, 1, more);
      assert.equal(stdout, '');
      const start = `error[RESPONSE_SOURCE]: the rules that response r is for are of source k8s_audit, ${message}\n`;
      assert.ok(stderr.startsWith(start), stderr);
      assert.match(stderr, new RegExp(`--> .*wasprey\\.yaml:4:${at}\\n`));
      assert.match(stderr, /help: /);
    }
  });

  test('are refused at the start for the same reason; an agent of audit events alone may have those of others', async () => {
    const modules = [await moduleOf(RULES), await auditModule(AUDIT)];
    const path = join(folder, 'load.yaml');
    const load = async (sources: readonly EventSource[], match: string) => {
      writeFileSync(path, kill(match));
      const { configuration, origins } = loadConfig({ path, environment: {} });
      const warnings: string[] = [];
      const set = await loadResponses({ configuration, origins, sources });
      const own = modules.filter(({ source }) => sources.includes(source));
      refuseMisplaced(set, own, { origins, sources }, (message) => warnings.push(message));
      return warnings;
    };
    assert.deepEqual(await load(EVENT_SOURCES, '{tags: [mitre_execution]}'), []);
    await assert.rejects(
      load(EVENT_SOURCES, '{rules: [Exec*]}'),
      /^CommandFailure: error\[RESPONSE_SOURCE\]: the rules/,
    );
    const [warning = ''] = await load(['k8s_audit'], '{tags: [mitre_execution]}');
    assert.match(warning, /^warning\[RESPONSE_SOURCE\]: the rules that response end it is for are of source k8s_audit/);
  });
});
