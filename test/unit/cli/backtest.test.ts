// `wasprey backtest` and `wasprey tune` as a person and a pipeline meet them.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { wasprey } from '../../support/command-line.ts';
import { process as processImage, shadowRead } from '../../support/records/built-agent.ts';
import { Folder, logEntry, payloadOf, writeBlocks } from '../../support/records/recordings.ts';
import { CONTAINER_ID, Story } from '../../support/records/story.ts';

const RULES = `
- rule: Shadow read
  desc: d
  condition: evt.type = openat and fd.name = /etc/shadow
  output: "%proc.name read %fd.name"
  priority: WARNING
- rule: Renamed
  desc: d
  condition: evt.type = rename
  output: x
  priority: INFO
`;

const folder = new Folder();
after(() => folder[Symbol.dispose]());
const rules = folder.file('rules.yaml');
const quiet = folder.file('quiet.yaml');
const recording = folder.file('node.wsp');
writeFileSync(rules, RULES);
writeFileSync(quiet, RULES.replace('fd.name = /etc/shadow', 'fd.name = /etc/shadow and proc.name != less'));
const images = ['cat', 'less\x1b[31m'].map((comm, index) => logEntry(processImage(index + 1, { comm_bytes: comm })));
const events = [1, 1, 1, 1, 1, 2].map((image, sequence) => shadowRead(image, { sequence }));
const { bytes, starts } = writeBlocks([{ payload: payloadOf(images, events), events: events.length }]);
writeFileSync(recording, bytes);

test('a backtest prints what is lacking, then the figures; nothing of a process reaches the terminal unescaped', () => {
  const { status, stdout, stderr } = wasprey('backtest', rules, '--on', recording);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^2 rules on 1 file, .*\n6 events in /);
  assert.match(stdout, /What the history lacks:\n {2}Renamed\n {6}none of its events were recorded: rename\n/);
  assert.match(stdout, /Shadow read \(Warning\): 6 alerts, at most 6 on a day\n/);
  assert.match(stdout, / {2}programs {2}cat \(5\), less\\u001b\[31m \(1\)\n/);
  assert.equal(stdout.match(/ {2}example /g)?.length, 3);
  assert.ok(!stdout.includes('\x1b'));
});

test('a pipeline reads JSON, and fails at too many alerts', () => {
  const { status, stdout, stderr } = wasprey('backtest', rules, '--on', recording, '--at-most', '5', '--json');
  assert.equal(status, 1);
  assert.match(stderr, /Shadow read would have fired 6 times on a day; at most 5 are allowed/);
  const result = JSON.parse(stdout) as { complete: boolean; rules: { rule: string; alerts: number }[] };
  assert.equal(result.complete, true);
  assert.deepEqual(
    result.rules.map(({ rule, alerts }) => [rule, alerts]),
    [
      ['Shadow read', 6],
      ['Renamed', 0],
    ],
  );
  assert.equal(wasprey('backtest', rules, '--on', recording, '--at-most', '6').status, 0);
});

test('rules are compared with others', () => {
  const { stdout } = wasprey('backtest', quiet, '--on', recording, '--against', rules);
  assert.match(stdout, /Compared: the same alerts\.\n$/);
  const other = folder.file('other.yaml');
  writeFileSync(other, RULES.replace('fd.name = /etc/shadow', 'fd.name = /etc/shadow and proc.name != cat'));
  const changed = wasprey('backtest', other, '--on', recording, '--against', rules);
  assert.match(changed.stdout, /Shadow read: 1 alert, instead of 6\n {4}gone {2}5: cat in host \(5\)\n$/);
});

test('secrets are masked in examples, also as JSON, by the names of the configuration', () => {
  const [secretRules, secrets] = [folder.file('secret.yaml'), folder.file('secrets.wsp')];
  writeFileSync(secretRules, RULES.replace('%proc.name read %fd.name', 'read (command=%proc.cmdline pid=%proc.pid)'));
  const argv = ['mysql', '-pgeheim', '--token=geheim', '--door=1234', ''].join('\0');
  const image = logEntry(processImage(1, { comm_bytes: 'mysql', argv }));
  writeFileSync(secrets, writeBlocks([{ payload: payloadOf([image], [shadowRead(1)]), events: 1 }]).bytes);
  const words = ['backtest', secretRules, '--on', secrets];
  assert.match(wasprey(...words).stdout, / read \(command=mysql -p\*\*\* --token=\*\*\* --door=1234 pid=1001\)\n/);
  const own = wasprey(...words, '--json', '-o', 'journal.secret_names=["door"]');
  const { rules: reports } = JSON.parse(own.stdout) as { rules: { examples: { output: string }[] }[] };
  assert.equal(reports[0]?.examples[0]?.output, 'read (command=mysql -p*** --token=geheim --door=*** pid=1001)');
});

test('damage is reported, and fails', () => {
  const damaged = folder.file('damaged.wsp');
  writeFileSync(damaged, Buffer.from(bytes).fill(0, (starts[0] ?? 0) + 60, (starts[0] ?? 0) + 64));
  const { status, stdout } = wasprey('backtest', rules, '--on', damaged);
  assert.equal(status, 1);
  assert.match(stdout, /Damaged: .*damaged\.wsp: the checksum of block 0 is wrong\.\n/);
});

test('what can not be used is refused with what to do', () => {
  const missing = wasprey('backtest', rules, '--on', folder.file('missing.wsp'));
  assert.equal(missing.status, 1);
  assert.match(missing.stderr, /can't read .*missing\.wsp/);
  assert.equal(wasprey('backtest').status, 2);
  assert.match(wasprey('backtest', rules, '--on', rules).stderr, /it is not a recording of `wasprey capture`/);
  assert.match(
    wasprey('backtest', rules, '--on', recording, '--since', 'tuesday').stderr,
    /--since can't be 'tuesday'/,
  );
});

test('the folder of the journal, and the rules that run, come from the configuration', () => {
  const journal = folder.file('journal');
  mkdirSync(journal);
  writeFileSync(join(journal, 'one.wsp'), bytes);
  const config = folder.file('falco.yaml');
  writeFileSync(config, `journal:\n  folder: ${journal}\nrules_files: [${rules}]\n`);
  const compared = wasprey('backtest', quiet, '-c', config, '--against', 'running');
  assert.equal(compared.status, 0, compared.stderr);
  assert.match(compared.stdout, /\nShadow read \(Warning\): 6 alerts/);
  assert.match(compared.stdout, /Compared: the same alerts\.\n$/);
  assert.match(wasprey('tune', 'Shadow read', '-c', config).stdout, /^Shadow read fired 6 times\.\n/);
  const nowhere = folder.file('nowhere');
  for (const command of [
    ['backtest', rules],
    ['tune', 'Shadow read', rules],
  ]) {
    const { status, stderr } = wasprey(...command, '-c', config, '-o', `journal.folder=${nowhere}`);
    assert.equal(status, 1);
    assert.match(stderr, /this machine has no journal in .*nowhere\n.*journal\.enabled: true/);
    assert.match(
      wasprey(...command, '-o', 'journal.fodler=x').stderr,
      /journal\.fodler(?:.|\n)*the configuration is invalid/,
    );
  }
});

test('an exception that is proposed can be used as it is printed', () => {
  const tuned = wasprey('tune', 'Shadow read', rules, '--on', recording, '--yaml', '1');
  assert.equal(tuned.status, 0, tuned.stderr);
  const exceptions = folder.file('tuned.yaml');
  writeFileSync(exceptions, tuned.stdout);
  const { stdout } = wasprey('backtest', rules, exceptions, '--on', recording, '--against', rules);
  assert.match(stdout, /Shadow read: 1 alert, instead of 6\n {4}gone {2}5: cat in host \(5\)\n$/);
  const wrong = wasprey('tune', 'Shadow raed', rules, '--on', recording);
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /there is no rule 'Shadow raed'.*\n.*did you mean 'Shadow read'\?/);
});

test('a rule whose events were not recorded is not called quiet without saying so', () => {
  const none = 'none of its events were recorded: rename';
  const { stdout } = wasprey('tune', 'Renamed', rules, '--on', recording);
  assert.equal(stdout, `What the history lacks:\n  ${none}\n\nRenamed fired 0 times. There is nothing to tune.\n`);
  assert.deepEqual(JSON.parse(wasprey('tune', 'Renamed', rules, '--on', recording, '--json').stdout), {
    ...{ rule: 'Renamed', alerts: 0, lacks: [none], proposals: [] },
  });
});

test('responses are tried on the alerts, with their conditions, rails and limits', () => {
  const configuration = folder.file('responses.yaml');
  const text = (mode: string) => `
responses:
  mode: ${mode}
  hosts: true
  limits: {per_container: 2/1m, per_node: 20/10m}
  actions:
  - {name: end it, match: {rules: "Shadow*"}, do: kill_process, unless: proc.name startswith less}
  - {name: freeze, match: {rules: "*"}, do: pause_container}
`;
  const images = [1, 2, 3, 4].map((image) =>
    logEntry(processImage(image, { comm_bytes: image === 4 ? 'less' : 'cat', executable: '/usr/bin/cat' })),
  );
  const events = [1, 1, 2, 3, 4].map((image, sequence) => shadowRead(image, { sequence }));
  const path = folder.file('responses.wsp');
  writeFileSync(path, writeBlocks([{ payload: payloadOf(images, events), events: events.length }]).bytes);
  writeFileSync(configuration, text('observe'));
  const words = ['backtest', rules, '--on', path, '--responses', '-c', configuration];
  const { status, stdout, stderr } = wasprey(...words);
  assert.equal(status, 0, stderr);
  assert.match(
    stdout,
    /\nResponses: what they would have done in mode act, at most 2\/1m on a container, 20\/10m on the node\.\n/,
  );
  assert.match(stdout, /\n\nend it \(kill_process\): 2 times, for 5 alerts\n {2}first {5}.*\n {2}last {6}.*\n/);
  assert.match(stdout, /\n {2}where {5}host \(2\)\n {2}rules {5}Shadow read \(2\)\n/);
  assert.match(stdout, /\n {2}not done {2}already \(1\), limit \(1\), excepted \(1\)\n/);
  assert.match(stdout, /\n\nfreeze \(pause_container\): 0 times, for 5 alerts\n {2}not done {2}no-target \(5\)\n$/);
  writeFileSync(configuration, text('act'));
  const { responses } = JSON.parse(wasprey(...words, '--json').stdout);
  const [{ first, last, ...ended }, frozen] = responses;
  assert.ok(Date.parse(first) <= Date.parse(last));
  assert.deepEqual(ended, {
    response: 'end it',
    do: 'kill_process',
    alerts: 5,
    acted: 2,
    refused: { already: 1, limit: 1, excepted: 1 },
    places: [{ name: 'host', alerts: 2 }],
    rules: [{ name: 'Shadow read', alerts: 2 }],
  });
  assert.deepEqual(frozen.refused, { 'no-target': 5 });
  writeFileSync(configuration, '{}');
  const none = wasprey(...words);
  assert.equal(none.status, 1);
  assert.match(none.stderr, /the configuration has no responses/);
});

test('a label of an old recording, of which it is not known whether the image has brought it, is reported as unknown', () => {
  const configuration = folder.file('never.yaml');
  const action = '{name: freeze, match: {rules: "*"}, do: pause_container}';
  writeFileSync(configuration, `responses: {never: {labels: {keep: "yes"}}, actions: [${action}]}`);
  const refused = (members: Readonly<Record<string, string>>) => {
    const path = folder.file('labels.wsp');
    const names = { container: CONTAINER_ID, containerType: 'docker' };
    const story = new Story().container('web', { full_id: CONTAINER_ID, ...members }).snapshot(7, 1, 'cat', {}, names);
    writeFileSync(path, story.event(7, 'openat', { raw: '/etc/shadow', resolved: '/etc/shadow' }).bytes);
    const { stdout } = wasprey('backtest', rules, '--on', path, '--responses', '-c', configuration, '--json');
    return JSON.parse(stdout).responses[0].refused;
  };
  const labels = 'keep=yes\0';
  assert.deepEqual(refused({ labels }), { incomplete: 1 });
  assert.deepEqual(refused({ labels, own_labels: labels }), { protected: 1 });
  assert.deepEqual(refused({ labels, own_labels: '' }), {});
  assert.deepEqual(refused({ labels: 'keep=no\0' }), {});
});
