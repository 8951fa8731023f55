// `wasprey run` with responses in its configuration, which changes while it runs: from observing to acting, and with a mistake in it.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { directoryForTest } from '../support/directory.ts';
import { type RunProcess, startRunAsNpm } from '../support/live/run-process.ts';
import { freePort } from '../support/servers/free-port.ts';

const RULE = 'Victim started';

test('responses are watched, then act, and a mistake leaves those before in use', async (t) => {
  const directory = directoryForTest(t);
  const [rules, config, victim] = ['rules.yaml', 'wasprey.yaml', 'victim'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  copyFileSync('/usr/bin/sleep', victim);
  chmodSync(victim, 0o755);
  writeFileSync(
    rules,
    `
- rule: ${RULE}
  desc: d
  condition: evt.type = execve and proc.exepath = ${victim}
  output: started %proc.cmdline
  priority: CRITICAL
  tags: [victims]
`,
  );
  const port = await freePort();
  const configure = (mode: string, unless: string): void => {
    const text = `rules_files: [${rules}]
json_output: true
webserver: {enabled: true, listen_port: ${port}, prometheus_metrics_enabled: true}
metrics: {enabled: true}
responses:
  mode: ${mode}
  hosts: true
  folder: ${join(directory, 'responses')}
  actions:
  - name: end it
    match: {rules: "Victim*", tags: [victims, no such tag], priority: critical}
    unless: ${unless}
    do: kill_process
`;
    writeFileSync(`${config}.new`, text);
    renameSync(`${config}.new`, config);
  };
  const victims: ChildProcess[] = [];
  t.after(() => {
    for (const each of victims) each.kill('SIGKILL');
  });
  /** A victim that was started, and what its alert says about the response. */
  const start = async (agent: RunProcess, seconds: string) => {
    const child = spawn(victim, [seconds], { stdio: 'ignore' });
    victims.push(child);
    const found = await agent.until(`the alert of ${seconds}`, () =>
      agent.alerts(RULE).find(({ output }) => output.includes(`victim ${seconds}`)),
    );
    return { child, pid: child.pid, response: String(found.output_fields['wasprey.response']) };
  };

  configure('observe', 'proc.args = 3001');
  await using agent = startRunAsNpm('-c', config);
  await agent.watches();
  await agent.says(/warning\[RESPONSE_UNMATCHED\]: no loaded rule has the tag no such tag\n.*wasprey\.yaml:11:/);
  const watched = await start(agent, '3000');
  assert.equal(watched.response, `end it: observe: would kill process ${watched.pid} (${victim})`);
  const excepted = await start(agent, '3001');
  assert.equal(excepted.response, 'end it: not done, excepted: `unless` holds');

  configure('act', 'proc.args = 3003');
  await agent.says(/the rules were replaced/);
  const killed = await start(agent, '3002');
  assert.match(killed.response, new RegExp(`^end it: killed process ${killed.pid} \\(${victim}\\) \\([\\d.]+ ms\\)$`));
  await agent.until('its end', () => killed.child.signalCode === 'SIGKILL');
  const kept = await start(agent, '3003');
  assert.equal(kept.response, 'end it: not done, excepted: `unless` holds');

  configure('act', 'proc.arks = 3004');
  const failure = await agent.alert('Wasprey internal: hot reload failure', () => {});
  assert.match(failure.output, /unknown field proc\.arks \(.*wasprey\.yaml:12:13\)/);
  const still = await start(agent, '3004');
  await agent.until('its end', () => still.child.signalCode === 'SIGKILL');
  // What was only watched, excepted or left alone lives.
  for (const { pid } of [watched, excepted, kept]) assert.match(readFileSync(`/proc/${pid}/stat`, 'utf8'), /\) S /);
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const counted = metrics.match(/^wasprey_responses_total\{.*$/gm) ?? [];
  const lineOf = (outcome: string, count: number): string =>
    `wasprey_responses_total{response="end it",action="kill_process",outcome="${outcome}"} ${count}`;
  assert.deepEqual(counted.sort(), [lineOf('done', 2), lineOf('excepted', 2), lineOf('observed', 1)]);
  agent.kill('SIGINT');
  await agent.says(/Watched for/);
});
