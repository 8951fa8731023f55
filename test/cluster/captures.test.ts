// "An alert fired: what now?" on a real cluster, by the commands: an exec into a pod drops a program, runs it and connects. The alert's
// capture names the pod, shows what the shell did before and after, and the dropped file with its hash; the journal has the session, also
// after the agent was killed.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Report } from '../../host/captures/report/report.ts';
import { PROJECT } from '../../host/setup/paths.mjs';
import { Cluster } from '../support/cluster/cluster.ts';
import { eventually } from '../support/cluster/cluster-agent.ts';
import { webPod } from '../support/cluster/shop.ts';
import { wasprey } from '../support/command-line.ts';
import { rulesFileForTests } from '../support/live/rules-file.ts';
import { type RunProcess, startWasprey } from '../support/live/run-process.ts';
import { completeReport } from '../support/records/capture-report.ts';

const RULE = 'Dropped program run in a pod';
const { directory, rules } = rulesFileForTests(
  () => `
- rule: ${RULE}
  desc: d
  condition: evt.type in (execve, execveat) and evt.res = SUCCESS and proc.exepath = /tmp/dropped
  output: "dropped program (command=%proc.cmdline pod=%k8s.pod.name)"
  priority: CRITICAL
  capture: true
  capture_duration: 4000
`,
);
/** The dropped program is one that no image has: busybox with some bytes after its end. */
const APPENDED = 'dropped\n';
const ATTACK = [
  'echo before > /tmp/before',
  'cp /bin/busybox /tmp/dropped',
  'echo dropped >> /tmp/dropped',
  '/tmp/dropped true',
  'sleep 1',
  'rm /tmp/before',
  'nc -w 1 127.0.0.1 9',
  'sleep 4',
  'true',
].join('; ');
const LAST = 'echo x > /tmp/last; true';

const config = join(directory, 'wasprey.yaml');
const captures = join(directory, 'captures');
const journal = join(directory, 'journal');
let cluster: Cluster;
let agent: RunProcess;
let file: string;
let report: Report;

before(async () => {
  cluster = await Cluster.start();
  await cluster.addNamespace('shop');
  await cluster.apply([webPod()]);
  const settings = {
    capture: { enabled: true, path_prefix: join(captures, 'c') },
    journal: { enabled: true, folder: journal },
    container_engines: { cri: { sockets: [cluster.containerdSocket] } },
    json_output: true,
  };
  writeFileSync(config, JSON.stringify(settings)); // JSON is YAML
  // On the node, as a package installs it: among the node's mounts.
  const onNode = ['nsenter', '-t', String(cluster.pid), '-m', '--', 'env', '-C', PROJECT];
  agent = startWasprey(['run', '-c', config, rules], { launcher: onNode });
  await agent.watches();
  await eventually('the pod', async () => (await exec('echo up')).includes('up'));
  await exec(ATTACK);
  const name = await agent.until('the alert', () => agent.alerts(RULE)[0]?.output_fields['wasprey.capture']);
  file = join(captures, String(name));
  report = await agent.until('the capture', () => completeReport(file));
});
after(async () => {
  await agent?.[Symbol.asyncDispose]();
  await cluster?.stop();
});

function exec(script: string): Promise<string> {
  return cluster.kubectl('exec', '-n', 'shop', 'web', '--', 'sh', '-c', script);
}

/** What a command prints on the machine. */
function printed(...words: string[]): string {
  const { stdout, stderr, status } = wasprey(...words);
  assert.equal(status, 0, stderr);
  return stdout;
}

test('the capture names the pod and its container', () => {
  assert.deepEqual([report.place.pod, report.place.namespace, report.place.name], ['web', 'shop', 'main']);
  assert.match(report.alerts[0]?.message ?? '', /pod=web\)$/);
});

test("it shows the shell's work before and after, and the connection", () => {
  const begin = report.alerts[0]?.time ?? 0n;
  const deeds = report.timeline.map(({ time, deed }) => `${time < begin ? '-' : '+'} ${deed.text}`);
  for (const deed of ['- creates /tmp/before', '- creates /tmp/dropped', '+ removes /tmp/before']) {
    assert.ok(deeds.includes(deed), `no "${deed}" in:\n${deeds.join('\n')}`);
  }
  assert.ok(report.connections.some(({ peer }) => peer === '127.0.0.1:9'));
  const [fired] = report.fired;
  assert.ok(fired?.parent?.programs.some(({ commandLine }) => commandLine.startsWith('sh -c')));
});

test('it has the dropped file with the hash of what was written', () => {
  const hash = createHash('sha256').update(readFileSync('/bin/busybox')).update(APPENDED).digest('hex');
  const dropped = report.files.find(({ path }) => path === '/tmp/dropped');
  assert.equal(dropped?.layer?.sha256, hash, report.missing.join('\n'));
  const shown = printed('captures', 'show', file);
  assert.ok(shown.includes('pod shop/web'), shown);
  assert.match(shown, new RegExp(`^  /tmp/dropped: .*\\n {4}sha256 ${hash}$`, 'm'));
});

test('activity shows the session, and after the agent was killed all but the last second', async () => {
  await exec(LAST);
  // What is older than a second is on disk; a busy machine needs some more to come to it.
  await sleep(4_000);
  agent.kill('SIGKILL');
  await agent.ended;
  const sessions = printed('activity', '-c', config, '--pod', 'web', '--json', '--since', '1h')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
    .filter(({ kind }) => kind === 'exec');
  const attack = sessions.find(({ commands }) => commands[0]?.arguments[2] === ATTACK);
  assert.ok(attack, JSON.stringify(sessions));
  assert.deepEqual([attack.container.namespace, attack.user.uid, attack.over], ['shop', 0, true]);
  const [shell] = attack.commands;
  // What busybox's shell does without another program is the shell's own work.
  const lines = shell.commands.map((command: { arguments: string[] }) => command.arguments.join(' '));
  const expected = ['/tmp/dropped true', 'sleep 1', 'nc -w 1 127.0.0.1 9', 'sleep 4'];
  assert.deepEqual(lines, expected, `${lines.join('; ')} in ${JSON.stringify(sessions)}`);
  assert.equal(shell.commands[2].connections[0].peer, '127.0.0.1:9');
  const dropped = shell.files.find(({ path }: { path: string }) => path === '/tmp/dropped');
  assert.ok(dropped?.did.includes('created'), JSON.stringify(shell.files));
  const last = sessions.find(({ commands }) => commands[0]?.arguments[2] === LAST);
  assert.equal(last?.commands[0]?.files?.[0]?.path, '/tmp/last');
});
