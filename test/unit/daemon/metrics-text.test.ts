// Metrics as Prometheus reads them, of an agent whose numbers are known.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { MissingHook } from '../../../host/capture/missing-hooks.ts';
import { counter, exposition, gauge, info } from '../../../host/daemon/metrics/exposition.ts';
import { agentFacts } from '../../../host/daemon/metrics/facts.ts';
import { metricsText } from '../../../host/daemon/metrics/text.ts';
import { ALL_METRICS, NO_METRICS } from '../../support/metric-choices.ts';
import { moduleOf, process as processImage, shadowRead, startBuiltAgent } from '../../support/records/built-agent.ts';
import { inject } from '../../support/records/inject.ts';
import { OPENS_REFUSED } from '../../support/refused-hook.ts';

/** Name and labels -> value. Fails at what Prometheus would not read. */
function parse(text: string): Map<string, number> {
  const values = new Map<string, number>();
  const typed = new Map<string, string>();
  for (const line of text.split('\n').slice(0, -1)) {
    const type = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)$/.exec(line);
    if (type) {
      assert.ok(!typed.has(type[1] ?? ''), `${type[1]} twice`);
      typed.set(type[1] ?? '', type[2] ?? '');
    }
    if (line.startsWith('#')) continue;
    const label = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"';
    const sample = new RegExp(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{${label}(?:,${label})*\\})? (\\S+)$`).exec(line);
    assert.ok(sample, line);
    const [, name = '', labels = '', value] = sample;
    assert.ok(typed.has(name) || typed.get(name.replace(/_(?:bucket|sum|count)$/, '')) === 'histogram', line);
    if (typed.get(name) === 'counter') assert.match(name, /_total$/);
    assert.ok(!values.has(name + labels), `${line} twice`);
    values.set(name + labels, Number(value));
  }
  return values;
}

describe('metrics', () => {
  it('are text that Prometheus reads, whatever the labels hold', () => {
    const hostile = 'a"b\\c\nd\ud800';
    const text = exposition([
      counter('one_total', 'Help with \\ and\nline.', [{ labels: { rule: hostile }, value: 3 }]),
      gauge('two', 'Two.', Number.POSITIVE_INFINITY),
      info('three_info', 'Three.', { a: 1, b: 'x' }),
      gauge('none', 'None.', []),
    ]);
    assert.equal(
      text,
      `# HELP one_total Help with \\\\ and\\nline.
# TYPE one_total counter
one_total{rule="a\\"b\\\\c\\nd\ufffd"} 3
# HELP two Two.
# TYPE two gauge
two +Inf
# HELP three_info Three.
# TYPE three_info gauge
three_info{a="1",b="x"} 1
`,
    );
    assert.equal(parse(text).size, 3);
  });

  it('of counters do not go down where the clock is set back', async (t) => {
    await using built = await startBuiltAgent([]);
    const [facts, summary] = [agentFacts('1', []), built.agent.summary()];
    const seconds = () =>
      parse(metricsText(facts, ALL_METRICS, summary)).get('falcosecurity_falco_duration_seconds_total');
    const before = seconds();
    const now = Date.now();
    t.mock.method(Date, 'now', () => now - 3_600_000);
    const after = seconds();
    assert.ok(before !== undefined && after !== undefined && after >= before, `${before}, then ${after}`);
  });

  it('add up: what an agent has captured, evaluated and told', async () => {
    const module = await moduleOf(`
- rule: Shadow "read"
  desc: d
  condition: evt.type = openat and fd.name = /etc/shadow
  output: x
  priority: WARNING
  tags: [T1003.008, a-b]
`);
    await using built = await startBuiltAgent([module]);
    inject(
      built.agent,
      [processImage(1, {})],
      [shadowRead(1), shadowRead(1), shadowRead(1, { name: '/x', raw: '/x', resolved: '/x' })],
    );
    await built.waitForLines(2);
    const summary = await built.agent.stop();
    const { engine } = summary;
    assert.ok(engine);
    assert.deepEqual(engine.capture.programs, [], 'no kernel is asked');
    const programs = [{ name: 'on_open', runs: 4, nanoseconds: 2500 }];
    const outputs = summary.outputs.map((output, index) =>
      index === 0 ? { ...output, counters: { ...output.counters, heldBack: 5 } } : output,
    );
    const measured = { ...summary, outputs, engine: { ...engine, capture: { ...engine.capture, programs } } };
    const values = parse(metricsText(agentFacts('1.2.3', []), ALL_METRICS, measured));
    const since = values.get(
      `wasprey_rule_module_in_use_timestamp_seconds{module="${module.name}",sha256="${module.sha256}"}`,
    );
    assert.ok(since !== undefined && Math.abs(Date.now() / 1000 - since) < 60, `in use since ${since}`);
    const expected = {
      'falcosecurity_falco_version_info{version="1.2.3"}': 1,
      'falcosecurity_falco_rules_matches_total{rule_name="Shadow \\"read\\"",priority="4",source="syscall",tag_T1003_008="true",tag_a_b="true"}': 2,
      falcosecurity_scap_n_evts_total: 3,
      falcosecurity_scap_n_drops_total: 0,
      'falcosecurity_scap_n_drops_buffer_total{drop="open",dir="exit"}': 0,
      'wasprey_events_total{type="openat",outcome="evaluated"}': 3,
      'wasprey_events_total{type="openat",outcome="dropped"}': 0,
      wasprey_matches_total: 2,
      wasprey_alerts_total: 2,
      'wasprey_output_alerts_total{output="file",result="written"}': 4,
      'wasprey_output_alerts_held_back_total{output="file"}': 5,
      wasprey_capturing: 1,
      'wasprey_bpf_runs_total{program="on_open"}': 4,
      'wasprey_bpf_run_time_seconds_total{program="on_open"}': 0.0000025,
    };
    for (const [name, value] of Object.entries(expected)) assert.equal(values.get(name), value, name);
    const perCpu = [...values].filter(([name]) => name.startsWith('falcosecurity_scap_n_evts_cpu_total'));
    assert.equal(
      perCpu.reduce((sum, [, value]) => sum + value, 0),
      3,
    );
    for (const name of [
      'memory_rss_bytes',
      'memory_vsz_bytes',
      'cpu_usage_ratio',
      'host_memory_used_bytes',
      'host_open_fds_total',
    ])
      assert.ok((values.get(`falcosecurity_falco_${name}`) ?? 0) > 0, name);
  });

  it('tell what of the capture is not as it was made, and how often anything was', async () => {
    await using built = await startBuiltAgent([]);
    const tampering = { present: ['the kernel filter was removed'], counts: new Map([['filter' as const, 2]]) };
    const values = parse(metricsText(agentFacts('1', []), ALL_METRICS, { ...built.agent.summary(), tampering }));
    assert.equal(values.get('wasprey_tamper_findings'), 1);
    assert.equal(values.get('wasprey_tamper_findings_total{what="filter"}'), 2);
  });

  it('tell which hooks the kernel does not take, and how many rules are blind', async () => {
    await using built = await startBuiltAgent([]);
    const none = parse(metricsText(agentFacts('1', []), ALL_METRICS, built.agent.summary()));
    assert.equal(none.get('wasprey_blind_rules'), 0);
    const needless: MissingHook = {
      hook: 'io_uring_complete',
      program: 'on_request_completed',
      reason: 'no-io-uring',
      detail: '',
      blinds: [],
      ways: [],
    };
    const hooks = {
      missing: [OPENS_REFUSED, needless],
      needed: [OPENS_REFUSED],
      blindRules: ['A', 'B'],
      missingIoUringOperations: ['BIND', 'LISTEN'],
      hasDirectReads: false,
      isAllowed: false,
    };
    const enforcement = { pinned: false, rules: [], missing: [{ program: 'enforce_connect4', detail: 'EPERM' }] };
    const values = parse(
      metricsText(agentFacts('1', []), ALL_METRICS, { ...built.agent.summary(), hooks, enforcement }),
    );
    assert.equal(values.get('wasprey_missing_enforcers{program="enforce_connect4"}'), 1);
    assert.equal(values.get('wasprey_blind_rules'), 2);
    const samples = [...values].filter(([name]) => name.startsWith('wasprey_missing_hooks'));
    assert.deepEqual(samples, [
      ['wasprey_missing_hooks{hook="sys_exit",program="on_open",reason="program-refused",blinds="yes"}', 1],
      [
        'wasprey_missing_hooks{hook="io_uring_complete",program="on_request_completed",reason="no-io-uring",blinds="no"}',
        1,
      ],
    ]);
    assert.equal(values.get('wasprey_missing_io_uring_operations{operation="BIND"}'), 1);
    assert.equal(values.get('wasprey_missing_io_uring_operations{operation="LISTEN"}'), 1);
    assert.equal(values.get('wasprey_direct_reads'), 0);
  });

  it('tell the size of virtual memory as the kernel does, whatever the size of its pages', async () => {
    await using built = await startBuiltAgent([]);
    const values = parse(metricsText(agentFacts('1', []), ALL_METRICS, built.agent.summary()));
    const kernel = Number(/^VmSize:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
    const found = values.get('falcosecurity_falco_memory_vsz_bytes') ?? Number.NaN;
    assert.ok(Math.abs(found / kernel - 1) < 0.1, `${found} of ${kernel} bytes`);
  });

  it('are served by the groups that are chosen, and say that nothing is captured yet', async () => {
    await using built = await startBuiltAgent([]);
    const text = metricsText(agentFacts('1', []), NO_METRICS, built.agent.summary());
    assert.doesNotMatch(text, /rules_matches|memory_rss|scap_n_|bpf_run/);
    assert.deepEqual([...parse(metricsText(agentFacts('1', []), ALL_METRICS, undefined))], [['wasprey_capturing', 0]]);
  });
});
