// Snapshots of metrics for alerts and files: Falco's names, units and rates, and which numbers are left out.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Summary } from '../../../host/agent/summary.ts';
import type { AgentFacts } from '../../../host/daemon/metrics/facts.ts';
import type { Resources } from '../../../host/daemon/metrics/resources.ts';
import { type SnapshotForm, type SnapshotSource, Snapshots } from '../../../host/daemon/metrics/snapshot.ts';
import { valueJson } from '../../../host/outputs/json.ts';
import { ALL_METRICS, NO_METRICS } from '../../support/metric-choices.ts';
import {
  type BuiltAgent,
  moduleOf,
  process as processImage,
  shadowRead,
  startBuiltAgent,
} from '../../support/records/built-agent.ts';
import { inject } from '../../support/records/inject.ts';

const RULES = `
- rule: Shadow "read"
  desc: d
  condition: evt.type = openat and fd.name = /etc/shadow
  output: x
  priority: WARNING
- rule: Other
  desc: d
  condition: evt.type = openat and fd.name = /other
  output: x
  priority: WARNING
`;

const START = Date.UTC(2026, 0, 1);
const FACTS: AgentFacts = {
  version: '1.2.3',
  hostname: 'node-1',
  kernel: '6.18.0',
  startedMs: START,
  bootMs: START - 1000,
  cpus: 2,
  configFiles: [{ name: '/etc/wasprey/wasprey.yaml', sha256: 'ab12' }],
};
const FALCO: SnapshotForm = { memoryInMb: true, emptyValues: false };
const RESOURCES: Resources = {
  cpuRatio: 0.0149,
  rssBytes: 80_384_000,
  vszBytes: 2_576 * 1024 * 1024,
  pssBytes: undefined,
  containerBytes: 1_048_577,
  hostCpuRatio: 0.108,
  hostMemoryBytes: 8_156 * 1024 * 1024,
  hostRunning: 3,
  hostOpenFiles: 17_664,
};

let built: BuiltAgent;
/** Three events, two alerts. */
let summary: Summary;
/** The same with four times as many events, of which 4 are lost. */
let later: Summary;
let ruleNames: readonly string[] = [];
before(async () => {
  built = await startBuiltAgent([await moduleOf(RULES)]);
  ruleNames = built.agent.modules().flatMap(({ rules }) => rules.map(({ name }) => name));
  const none = { name: '/x', raw: '/x', resolved: '/x' };
  inject(built.agent, [processImage(1, {})], [shadowRead(1), shadowRead(1), shadowRead(1, none)]);
  await built.waitForLines(2);
  summary = await built.agent.stop();
  assert.ok(summary.engine);
  const { capture } = summary.engine;
  const at = (type: number) => capture.evaluated.map((_, index) => (index === type ? 4 : 0));
  const dropped = at(capture.evaluated.findIndex((count) => count > 0));
  const programs = [{ name: 'on_open', runs: 3, nanoseconds: 2501 }];
  const more = { produced: [10, 2], dropped, droppedByCpu: [4, 0], imagesLost: 7, programs };
  later = { ...summary, engine: { ...summary.engine, capture: { ...capture, ...more } } };
});
after(() => built[Symbol.asyncDispose]());

function source(given: Partial<SnapshotSource> = {}): SnapshotSource {
  return { summary, ruleNames, resources: RESOURCES, nowMs: START + 2500, ...given };
}

/** Name -> JSON. */
function taken(snapshots: Snapshots, given: Partial<SnapshotSource> = {}): Record<string, string> {
  return Object.fromEntries(snapshots.take(source(given)).map(({ key, value }) => [key, valueJson(value)]));
}

const FACT_FIELDS = {
  'evt.time': '1767225602500000000',
  'evt.hostname': '"node-1"',
  'evt.source': '"syscall"',
  'falco.version': '"1.2.3"',
  'falco.start_ts': '1767225600000000000',
  'falco.reload_ts': '1767225600000000000',
  'falco.duration_sec': '2',
  'falco.kernel_release': '"6.18.0"',
  'falco.host_boot_ts': '1767225599000000000',
  'falco.host_num_cpus': '2',
  'falco.outputs_queue_num_drops': '0',
  'falco.sha256_config_file.wasprey_yaml': '"ab12"',
  'scap.engine_name': '"bpf"',
  'falco.num_evts': '3',
  'falco.num_evts_prev': '0',
  'falco.evts_rate_sec': '1.2',
};

describe('a snapshot', () => {
  it('has the names and units of Falco, and no zeros but in sums', () => {
    assert.deepEqual(taken(new Snapshots(FACTS, { ...ALL_METRICS, perCpu: false }, FALCO)), {
      ...FACT_FIELDS,
      'scap.n_evts': '3',
      'scap.n_evts_prev': '0',
      'scap.evts_rate_sec': '1.2',
      'scap.n_drops': '0',
      'scap.n_drops_prev': '0',
      'scap.n_drops_perc': '0.0',
      'falco.rules.Shadow__read_': '2',
      'falco.rules.matches_total': '2',
      'falco.cpu_usage_perc': '1.5',
      'falco.memory_rss_mb': '76.7',
      'falco.memory_vsz_mb': '2576.0',
      'falco.container_memory_used_mb': '1.0',
      'falco.host_cpu_usage_perc': '10.8',
      'falco.host_memory_used_mb': '8156.0',
      'falco.host_procs_running': '3',
      'falco.host_open_fds': '17664',
    });
  });

  it('has just what is chosen', () => {
    assert.deepEqual(taken(new Snapshots(FACTS, NO_METRICS, FALCO), { resources: undefined }), FACT_FIELDS);
    const fields = taken(new Snapshots(FACTS, NO_METRICS, FALCO), { resources: undefined, summary: later });
    assert.equal(fields['scap.on_open.run_cnt'], undefined);
  });

  it('tells rates and shares of the time since the one before', () => {
    const snapshots = new Snapshots(FACTS, ALL_METRICS, FALCO);
    snapshots.take(source());
    const fields = taken(snapshots, { summary: later, nowMs: START + 4500 });
    const expected = {
      'falco.num_evts': '3',
      'falco.num_evts_prev': '3',
      'falco.evts_rate_sec': '0.0',
      'scap.n_evts': '12',
      'scap.n_evts_prev': '3',
      'scap.evts_rate_sec': '4.5',
      'scap.n_drops': '4',
      'scap.n_drops_prev': '0',
      'scap.n_drops_perc': '44.4',
      'scap.n_drops_buffer_total': '4',
      'scap.n_drops_buffer_open_exit': '4',
      'scap.n_evts_cpu_0': '10',
      'scap.n_evts_cpu_1': '2',
      'scap.n_drops_cpu_0': '4',
      'scap.n_drops_cpu_1': undefined,
      'falco.n_drops_full_threadtable': '7',
      'scap.on_open.run_cnt': '3',
      'scap.on_open.run_time_ns': '2501',
      'scap.on_open.avg_time_ns': '833',
    };
    for (const [name, value] of Object.entries(expected)) assert.equal(fields[name], value, name);
  });

  it('has zeros if they are asked for, and memory in the units that it is measured in', () => {
    const fields = taken(new Snapshots(FACTS, ALL_METRICS, { memoryInMb: false, emptyValues: true }), {
      summary: later,
    });
    const expected = {
      'falco.rules.Other': '0',
      'scap.n_drops_buffer_execve_exit': '0',
      'scap.n_drops_cpu_1': '0',
      'falco.memory_rss_kb': '78500',
      'falco.container_memory_used_bytes': '1048577',
      'falco.host_memory_used_kb': '8351744',
      'falco.memory_rss_mb': undefined,
      // What the kernel does not tell is no zero.
      'falco.memory_pss_kb': undefined,
    };
    for (const [name, value] of Object.entries(expected)) assert.equal(fields[name], value, name);
  });

  it('can be taken before the engine has told any number', () => {
    const fields = taken(new Snapshots(FACTS, ALL_METRICS, FALCO), { summary: { ...summary, engine: undefined } });
    assert.deepEqual([fields['falco.num_evts'], fields['scap.n_evts'], fields['scap.n_drops']], ['0', '0', '0']);
  });
});
