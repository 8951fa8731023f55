// syscall_event_drops in a running agent: what each action does, as Falco's own tests have it, and events that are really lost.

import assert from 'node:assert/strict';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openRule, rulesFileForTests } from '../support/live/rules-file.ts';
import { type RunProcess, startRun } from '../support/live/run-process.ts';

const DROP = /Wasprey internal: syscall event drop/;
const SECONDS = 5;

const { directory, rules } = rulesFileForTests((path) =>
  openRule({ name: 'Marked', path: `${path}/marked`, output: '%fd.name' }),
);

/** Falco's tests run for nine seconds' worth of events, which they have in a file. */
function run(actions: string, ...more: string[]): RunProcess {
  const settings = { rate: '0.03333', max_burst: '10', simulate_drops: 'true', actions };
  const words = Object.entries(settings).map(([key, value]) => `-osyscall_event_drops.${key}=${value}`);
  return startRun(rules, ...words, `--duration=${SECONDS}`, '--log-level=debug', ...more);
}

/** How many occurrences and actions the summary reports. */
function summedUp(stderr: string): [occurrences: number, actions: number] {
  const found = /event drop detected: (\d+) occurrences?, num times actions taken: (\d+)\n/.exec(stderr);
  assert.ok(found, stderr);
  return [Number(found[1]), Number(found[2])];
}

/** As many as there were seconds, but for what a busy machine makes of them; its start is one as well. */
function assertEachSecond(count: number): void {
  assert.ok(count >= 2 && count <= SECONDS + 2, `${count} in ${SECONDS} s`);
}

describe('drops that are simulated', { concurrency: true }, () => {
  test('nothing is reported while nothing is lost', async () => {
    await using agent = run('[alert,log]', '-osyscall_event_drops.simulate_drops=false');
    assert.equal(await agent.ended, 0);
    assert.doesNotMatch(agent.stderr(), /event drop/);
    assert.doesNotMatch(agent.stdout(), DROP);
  });

  test('ignore: the summary counts', async () => {
    await using agent = run('[ignore]');
    assert.equal(await agent.ended, 0);
    const [occurrences, actions] = summedUp(agent.stderr());
    assertEachSecond(occurrences);
    assert.equal(actions, occurrences);
    for (const text of [agent.stderr(), agent.stdout()]) assert.doesNotMatch(text, DROP);
  });

  test('log: messages besides, at level debug', async () => {
    await using agent = run('[log]');
    assert.equal(await agent.ended, 0);
    const messages = agent.stderr().match(/^wasprey: Wasprey internal: syscall event drop\. .*$/gm) ?? [];
    assert.equal(messages.length, summedUp(agent.stderr())[0]);
    assertEachSecond(messages.length);
    assert.match(messages[0] ?? '', /drop\. 1 system calls dropped from \S+Z to \S+Z \(simulated\)\.$/);
    assert.doesNotMatch(agent.stdout(), DROP);
  });

  test('alert: alerts besides, and no messages', async () => {
    await using agent = run('[alert]', '-ojson_output=true');
    assert.equal(await agent.ended, 0);
    const alerts = agent
      .stdout()
      .split('\n')
      .filter((line) => DROP.test(line));
    assert.equal(alerts.length, summedUp(agent.stderr())[0]);
    assertEachSecond(alerts.length);
    const { rule, priority, output_fields: fields } = JSON.parse(alerts[0] ?? '');
    assert.deepEqual([rule, priority, fields.n_drops], ['Wasprey internal: syscall event drop', 'Debug', '1']);
    assert.doesNotMatch(agent.stderr(), DROP);
  });

  test('exit: the end, at the first occurrence, with status 1', async () => {
    await using agent = run('[exit]');
    assert.equal(await agent.ended, 1);
    assert.deepEqual(summedUp(agent.stderr()), [1, 1]);
    assert.match(
      agent.stderr(),
      /\nwasprey: the agent stops, because events were lost and syscall_event_drops\.actions has exit: .* 1 system calls dropped /,
    );
  });
});

test('events that find no room are reported with their number and the time, where nothing is configured', async () => {
  await using agent = startRun(rules, '--ring-memory=1', '--json');
  await agent.watches();
  // It reads no more for a while.
  await agent.pause();
  const began = Date.now();
  for (let index = 0; index < 20_000; index++) {
    try {
      openSync(join(directory, `marked-${index}`), 'r');
      assert.fail('there is no such file');
    } catch (error) {
      assert.ok(error instanceof Error && 'code' in error && error.code === 'ENOENT');
    }
  }
  const ended = Date.now();
  agent.kill('SIGCONT');
  const line = await agent.until('an alert of the drops', () =>
    agent
      .stdout()
      .split('\n')
      .slice(0, -1)
      .find((each) => DROP.test(each)),
  );
  agent.kill('SIGTERM');
  assert.equal(await agent.ended, 0);
  const { output_fields: fields } = JSON.parse(line) as { output_fields: Record<string, string> };
  const { 'wasprey.from': from = '', 'wasprey.to': to = '', n_drops: drops = '' } = fields;
  assert.ok(Number(fields.n_drops_buffer_open_exit) > 1000, line);
  assert.ok(Date.parse(from) <= began && ended <= Date.parse(to), `${from} ${to}, and not ${began} ${ended}`);
  const lost = Number(drops).toLocaleString('en-US');
  assert.match(agent.stderr(), new RegExp(`, ${lost} events lost\\.\n`));
});
