// Captures for the page, by the process that looks things up: the list, one that is played back, and a rule that is tried on it.

import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { DEFINITION } from '../../../host/config/definition.ts';
import { defaultsOf } from '../../../host/config-values/defaults.ts';
import type { ShownCapture, ShownCaptures, TriedOnCapture } from '../../../host/daemon/console/captures/messages.ts';
import { type Answer, Lookup } from '../../../host/daemon/console/lookup.ts';
import { CAPTURED_RULE, capturedStory, STATE } from '../../support/page/captured-story.ts';
import { HOSTILE } from '../../support/page/page-story.ts';
import { Folder } from '../../support/records/recordings.ts';
import { Story } from '../../support/records/story.ts';

const SECRETS = defaultsOf(DEFINITION).journal.secret_names;
const folder = new Folder();
const lookup = new Lookup();
after(() => {
  lookup.close();
  folder[Symbol.dispose]();
});
const { bytes, alert } = capturedStory();
const path = folder.file('capture_1_1.wsp');
writeFileSync(path, bytes);

const kindOf = (answer: Answer): string => (answer.kind === 'none' ? answer.reason : answer.kind);

async function tried(text: string, files?: readonly string[]): Promise<TriedOnCapture> {
  const answer = await lookup.ask({ kind: 'try-rule', path, text, files, statics: {}, secretNames: SECRETS });
  assert.ok(answer.kind === 'matches' || answer.kind === 'invalid', kindOf(answer));
  return answer;
}

async function refused(text: string, files?: readonly string[]): Promise<string> {
  return kindOf(await lookup.ask({ kind: 'try-rule', path, text, files, statics: {}, secretNames: SECRETS }));
}

test('the list has what each is of, and says which are damaged', async () => {
  const place = folder.file('listed');
  mkdirSync(place);
  symlinkSync(path, `${place}/capture_1_1.wsp`);
  writeFileSync(`${place}/capture_2_1.wsp`, bytes.subarray(0, 40));
  writeFileSync(`${place}/notes.txt`, 'no capture');
  const answer = (await lookup.ask({ kind: 'captures', folder: place, isOn: true })) as ShownCaptures;
  assert.deepEqual(
    answer.captures.map(({ name, rule, pid, container, alerts }) => [name, rule, pid, container, alerts]),
    [['capture_1_1.wsp', CAPTURED_RULE, 503, 'host', 1]],
  );
  assert.equal(answer.captures[0]?.time, Number(alert.time) / 1e6);
  assert.deepEqual(
    answer.damaged.map(({ name }) => name),
    ['capture_2_1.wsp'],
  );
});

test('a folder that is not there is an empty one', async () => {
  const answer = await lookup.ask({ kind: 'captures', folder: folder.file('none'), isOn: false });
  assert.deepEqual(answer, {
    ...{ kind: 'captures', folder: folder.file('none'), isOn: false },
    ...{ captures: [], older: 0, damaged: [] },
  });
});

test('a capture has its processes with when they lived, what they did, and the state; without secrets', async () => {
  const shown = (await lookup.ask({ kind: 'capture', path, secretNames: SECRETS })) as ShownCapture;
  assert.equal(shown.kind, 'capture', JSON.stringify(shown));
  const fired = shown.processes.find(({ hasFired }) => hasFired);
  assert.equal(fired?.pid, 503);
  assert.deepEqual([fired.ended?.text, fired.isOnBranch], ['killed by signal 9', true]);
  assert.equal(shown.processes[fired.parent ?? -1]?.pid, 501);
  assert.equal(fired.programs.at(-1)?.command, 'x --password=***');
  const began = shown.processes.find(({ pid }) => pid === 500);
  assert.equal(began?.began, undefined);
  const connected = shown.deeds.find(({ text }) => text === 'connects to 192.0.2.7:80');
  assert.equal(shown.processes[connected?.process ?? -1]?.pid, 502);
  assert.ok(shown.from <= (connected?.time ?? 0) && shown.to >= (shown.alerts[0]?.time ?? Infinity));
  assert.deepEqual(
    shown.state.map(({ pid, name, open }) => [pid, name, open.at(-1)]),
    [[503, 'x', '3 rw  tcp 10.0.0.2:4000 to 192.0.2.8:443 established']],
  );
  // As it is: the page itself shows odd characters, and would show an escape of one as if the file were called so.
  const files = shown.parts.find(({ title }) => title === 'Files')?.lines ?? [];
  assert.ok(
    files.some((line) => line.startsWith(`/tmp/${HOSTILE}: `)),
    files.join('\n'),
  );
  assert.doesNotMatch(JSON.stringify(shown), /geheim/);
});

test('a capture that is gone, and a file that is not a capture, have a reason', async () => {
  const gone = await lookup.ask({ kind: 'capture', path: folder.file('gone.wsp'), secretNames: SECRETS });
  assert.match(kindOf(gone), /no such file|ENOENT/);
  const other = folder.file('other.wsp');
  writeFileSync(other, 'this is no recording at all');
  assert.match(kindOf(await lookup.ask({ kind: 'capture', path: other, secretNames: SECRETS })), /not a recording/);
});

test('a condition that is typed matches the events of which it is true', async () => {
  const answer = await tried('evt.type = connect and fd.sport = 443');
  assert.equal(answer.kind, 'matches', JSON.stringify(answer));
  assert.ok(answer.kind === 'matches');
  assert.deepEqual(
    answer.matches.map(({ pid, name, text }) => [pid, name, text]),
    [[503, 'x', 'connects to 192.0.2.8:443']],
  );
  assert.equal(answer.total, 1);
  const all = await tried('evt.type in (openat,\n  connect)');
  assert.ok(all.kind === 'matches');
  assert.equal(all.total, 5);
  // As it is copied out of a rule file.
  const indented = await tried('    evt.type in (openat,\nconnect)\n  and not k8s.user.name exists');
  assert.ok(indented.kind === 'matches', JSON.stringify(indented));
  assert.equal(indented.total, 5);
  assert.match(indented.remarks.join(), /does not have whose exec session it is/);
  const ofSessions = await tried(
    'evt.type in (openat, connect) and session.kind exists and not session.net = 10.0.0.0/8',
  );
  assert.ok(ofSessions.kind === 'matches', JSON.stringify(ofSessions));
  assert.equal(ofSessions.total, 5);
  assert.match(ofSessions.remarks.join(), /does not have where a session by ssh came from/);
});

test('a rule that is typed can not find out a masked secret, of the process or an ancestor', async () => {
  const environment = 'DB_PASSWORD=sesam\0HOME=/root\0';
  const story = new Story()
    .snapshot(500, 1, 'nginx')
    .run(501, 500, ['mysql', '--user=app', '--password=geheim'], { environment })
    .run(502, 501, ['curl', '-H', 'Authorization: Bearer geheim', 'http://192.0.2.7/geheim'])
    .connected(502, [192, 0, 2, 7], 80);
  const secret = folder.file('capture_9_1.wsp');
  writeFileSync(secret, story.captured({ ...alert, pid: 502 }, { ...STATE, processes: [] }));
  const matches = async (condition: string): Promise<number> => {
    const text = `evt.type = connect and ${condition}`;
    const question = { kind: 'try-rule', path: secret, text, files: undefined, statics: {} } as const;
    const answer = await lookup.ask({ ...question, secretNames: SECRETS });
    assert.ok(answer.kind === 'matches', JSON.stringify(answer));
    assert.match(answer.remarks.join(), /see secrets on command lines and in variables as asterisks/);
    return answer.total;
  };
  // What is no secret is as it was, and of the same length.
  const seen = [
    'proc.pcmdline = "mysql --user=app --password=******" and proc.aenv[1] contains "HOME=/root"',
    'proc.args startswith "-H Authorization: Bearer *" and proc.cmdline endswith 192.0.2.7/geheim',
  ];
  assert.equal(await matches(seen.join(' and ')), 1);
  const guesses = ['proc.pcmdline contains geheim', 'proc.args contains "Bearer g"', 'proc.aenv contains sesam'];
  assert.equal(await matches(`(${guesses.join(' or ')} or proc.aenv[1] contains "PASSWORD=s")`), 0);
});

test('rules of a file may use the macros of the files of the agent, of which none is evaluated', async () => {
  const file = folder.file('rules.yaml');
  writeFileSync(
    file,
    `- macro: outgoing
  condition: evt.type = connect
- rule: Any open
  desc: d
  condition: evt.type = openat
  output: o
  priority: INFO
`,
  );
  const text = `- rule: Mine
  desc: d
  condition: outgoing and proc.name = curl
  output: o
  priority: INFO
  enabled: false
`;
  const answer = await tried(text, [file]);
  assert.ok(answer.kind === 'matches', JSON.stringify(answer));
  assert.deepEqual(
    answer.matches.map(({ rule, name }) => [rule, name]),
    [['Mine', 'curl']],
  );
});

test('what is wrong with a rule is shown at its place in what was typed', async () => {
  const answer = await tried('evt.type = connect\n  and proc.nam = curl');
  assert.ok(answer.kind === 'invalid');
  assert.match(
    answer.diagnostics[0] ?? '',
    /^error\[LOAD_ERR_COMPILE_CONDITION\]: unknown field proc\.nam\n {2}--> typed:2:7\n.*\n 2 \| {3}and proc\.nam = curl\n.*\| {7}\^{8}\n.*did you mean proc\.name/,
  );
  const file = await tried('- rule: Mine\n  condition: evt.type =\n');
  assert.ok(file.kind === 'invalid');
  assert.match(file.diagnostics[0] ?? '', /--> typed:\d+:\d+\n/);
});

test('texts without a rule, and rule files of the agent with errors, have a reason', async () => {
  assert.match(await refused('- macro: m\n  condition: evt.type = open\n'), /has no rule/);
  const broken = folder.file('broken.yaml');
  writeFileSync(broken, '- rule: x\n  condition: nonsense\n');
  assert.match(await refused('evt.type = connect', [broken]), /the agent's rule files have errors now/);
});

test('a rule that grows without bound ends its compiler, not the agent', async () => {
  const doubled = Array.from(
    { length: 40 },
    (_, index) => `- macro: m${index + 1}\n  condition: (m${index} and m${index})\n`,
  );
  const text = `- macro: m0\n  condition: evt.type = open\n${doubled.join('')}- rule: R\n  desc: d\n  condition: m40\n  output: o\n  priority: INFO\n`;
  const answer = await lookup.ask({
    kind: 'try-rule',
    path,
    text,
    files: undefined,
    statics: {},
    secretNames: SECRETS,
  });
  assert.ok(answer.kind === 'none' || answer.kind === 'invalid', kindOf(answer));
  const next = await tried('evt.type = connect');
  assert.equal(next.kind, 'matches');
});
