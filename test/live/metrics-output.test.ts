// metrics.output_rule and output_file in a running agent: what is written, how often, and what becomes of a file that is moved away.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openRule, rulesFileForTests } from '../support/live/rules-file.ts';
import { startRun } from '../support/live/run-process.ts';

const { directory, rules } = rulesFileForTests((path) =>
  openRule({ name: 'Marked file read', path: `${path}/marked`, output: '%fd.name' }),
);

interface Sample {
  readonly sample: number;
  readonly output_fields: Readonly<Record<string, number | string>>;
}

function samples(path: string): Sample[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

test('snapshots are alerts and lines of a file, which is left when it is moved away', async () => {
  const file = join(directory, 'stats.jsonl');
  const settings = { enabled: 'true', interval: '300ms', output_rule: 'true', output_file: file };
  const words = Object.entries(settings).map(([key, value]) => `-ometrics.${key}=${value}`);
  await using agent = startRun(rules, '--json', ...words);
  await agent.watches();
  spawnSync('cat', [join(directory, 'marked')]);
  // An alert is counted when it is made, events when the worker reports how many it has evaluated: a sample may come in between.
  const known = await agent.until('a sample that knows of the alert and its event', () =>
    samples(file).find(
      ({ output_fields: fields }) =>
        fields['falco.rules.Marked_file_read'] === 1 && Number(fields['falco.num_evts']) > 0,
    ),
  );
  const { output_fields: fields } = known;
  assert.ok(Number(fields['scap.n_evts']) >= 1 && Number(fields['falco.num_evts']) >= 1, JSON.stringify(fields));
  assert.ok(Number(fields['falco.memory_rss_mb']) > 10 && Number(fields['falco.cpu_usage_perc']) > 0);
  assert.equal(fields['falco.rules.matches_total'], 1);

  const moved = `${file}.1`;
  renameSync(file, moved);
  agent.kill('SIGUSR1');
  await agent.until('a new file', () => (samples(file).length > 0 ? true : undefined));
  agent.kill('SIGTERM');
  assert.equal(await agent.ended, 0);
  const written = [...samples(moved), ...samples(file)];
  assert.deepEqual(
    written.map(({ sample }) => sample),
    written.map((_, index) => index + 1),
  );
  const alerts = agent.alerts('Wasprey internal: metrics snapshot');
  const [alert = assert.fail()] = alerts;
  assert.deepEqual(
    [alert.rule, alert.priority, alert.source, alert.output.replace(/^\S+ /, '')],
    ['Wasprey internal: metrics snapshot', 'Informational', 'internal', 'Informational Wasprey metrics snapshot'],
  );
  assert.deepEqual(
    alerts.map(({ output_fields: own }) => own),
    written.map(({ output_fields: own }) => own),
  );
});

test('as text the alert has its fields behind it, and a group that is turned off is not there', async () => {
  await using agent = startRun(
    rules,
    ...['-ometrics.enabled=true', '-ometrics.interval=200ms', '-ometrics.output_rule=true'],
    ...['-ometrics.resource_utilization_enabled=false', '-ometrics.kernel_event_counters_enabled=false'],
  );
  const line = await agent.until('a snapshot', () => /^.* Wasprey metrics snapshot .*$/m.exec(agent.stdout())?.[0]);
  assert.match(
    line,
    /^\S+: Informational Wasprey metrics snapshot \(evt\.time=\d+ evt\.hostname=\S+ evt\.source=syscall falco\.version=\S+ .* falco\.evts_rate_sec=\d+\.\d\)$/,
  );
  assert.doesNotMatch(line, /memory|scap\.n_/);
});

test('a file that can not be opened is an error at the start', async () => {
  const words = ['-ometrics.enabled=true', '-ometrics.output_file=/nowhere/stats'];
  await using agent = startRun(rules, ...words);
  assert.equal(await agent.ended, 1);
  assert.match(agent.stderr(), /can't write \/nowhere\/stats: no such file or directory\n.*see metrics\.output_file/i);
});
