// Dashboards on real numbers: Prometheus scrapes a running agent, and every query of our dashboard, and of Falco's, is put to it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { asArray, at } from '../../host/diagnostics/json-value.ts';
import { PROJECT } from '../../host/setup/paths.mjs';
import { falcoFile, missingFalco } from '../support/falco-data.ts';
import { freePort } from '../support/servers/free-port.ts';
import { until } from '../support/until.ts';

/** What can have no data here, and why. Everything else must have some. */
const WITHOUT_DATA = new Map([
  [
    'Scap events by instance over time',
    'queries falcosecurity_falco_n_evts_total over $__interval, too short for a rate; its twin has data',
  ],
]);

const PATIENCE_MS = 60_000;
/** Between two questions to Prometheus. */
const PAUSE_MS = 500;
const SCRAPE_INTERVAL = '1s';
/** What Grafana puts in place of its variables. */
const VARIABLES: readonly (readonly [RegExp, string])[] = [
  [/\$__(rate_interval|range)/g, '1m'],
  [/\$__interval/g, '15s'],
  [/\$(pod|source|priority|namespace)/g, '.*'],
];

const folder = mkdtempSync(join(tmpdir(), 'wasprey-dashboards-'));
const processes: ReturnType<typeof spawn>[] = [];
let prometheus = 0;

before(async () => {
  const [metrics, port] = [await freePort(), await freePort()];
  prometheus = port;
  writeFileSync(
    join(folder, 'rules.yaml'),
    `
- rule: Marked
  desc: d
  condition: evt.type in (open, openat) and fd.name startswith ${folder}/marked
  output: "%proc.name read %fd.name"
  priority: WARNING
  tags: [live]
`,
  );
  // JSON is YAML.
  const write = (name: string, value: unknown) => writeFileSync(join(folder, name), JSON.stringify(value));
  write('wasprey.yaml', {
    rules_files: [join(folder, 'rules.yaml')],
    engine: { wasprey: { bpf_stats: true } },
    metrics: { enabled: true, kernel_event_counters_per_cpu_enabled: true },
    webserver: { enabled: true, listen_port: metrics, prometheus_metrics_enabled: true },
  });
  const labels = { namespace: 'security', pod: 'wasprey-x' };
  write('prometheus.yml', {
    global: { scrape_interval: SCRAPE_INTERVAL },
    scrape_configs: [{ job_name: 'wasprey', static_configs: [{ targets: [`127.0.0.1:${metrics}`], labels }] }],
  });
  start(process.execPath, [
    join(PROJECT, 'host/setup/bootstrap.mjs'),
    '--needs=capture',
    'host/cli/main.ts',
    'run',
    '-c',
    join(folder, 'wasprey.yaml'),
  ]);
  start('prometheus', [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'tsdb')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  await until(async () => (await query('wasprey_capturing == 1')).length > 0, PATIENCE_MS, PAUSE_MS);
  // A counter that begins has no increase yet: there is one when it has gone up between two scrapes.
  await until(
    async () => {
      await readFile();
      return (await query('increase(falcosecurity_falco_rules_matches_total[1m]) > 0')).length > 0;
    },
    PATIENCE_MS,
    PAUSE_MS,
  );
});

after(async () => {
  for (const child of processes) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  }
  rmSync(folder, { recursive: true, force: true });
});

test('every query of ours returns data', () => queriesReturnData(join(PROJECT, 'deploy/dashboards/wasprey.json')));

test("every query of Falco's returns data", { skip: missingFalco('falco-dashboard.json') }, () =>
  queriesReturnData(falcoFile('falco-dashboard.json')),
);

async function queriesReturnData(dashboard: string): Promise<void> {
  const panels = panelsOf(JSON.parse(readFileSync(dashboard, 'utf8')));
  assert.ok(panels.length > 10, `${panels.length} panels`);
  const empty: string[] = [];
  for (const { title, expression } of panels) {
    if ((await query(expression)).length === 0 && !WITHOUT_DATA.has(title)) empty.push(`${title}: ${expression}`);
  }
  assert.deepEqual(empty, []);
}

function start(command: string, words: readonly string[]): void {
  const child = spawn(command, words, { stdio: 'ignore', cwd: PROJECT });
  processes.push(child);
}

/** By a process of its own, which the rule reports. */
async function readFile(): Promise<void> {
  const path = join(folder, 'marked');
  writeFileSync(path, '');
  await once(spawn('cat', [path], { stdio: 'ignore' }), 'exit');
}

async function query(expression: string): Promise<readonly unknown[]> {
  const text = VARIABLES.reduce((sum, [pattern, value]) => sum.replace(pattern, value), expression);
  const url = `http://127.0.0.1:${prometheus}/api/v1/query?query=${encodeURIComponent(text)}`;
  const response = await fetch(url).catch(() => undefined);
  // 503: it listens, but has not read its data yet.
  if (!response || response.status === 503) return [];
  const answer: unknown = await response.json();
  assert.notEqual(at(answer, 'status'), 'error', `${text}: ${at(answer, 'error')}`);
  return asArray(at(answer, 'data', 'result'));
}

interface Panel {
  readonly title?: string;
  readonly targets?: readonly { readonly expr?: string }[];
  readonly panels?: readonly Panel[];
}

function panelsOf({ panels = [] }: Panel): { title: string; expression: string }[] {
  return panels.flatMap((panel) => [
    ...(panel.targets ?? []).map(({ expr = '' }) => ({ title: panel.title ?? '', expression: expr })),
    ...panelsOf(panel),
  ]);
}
