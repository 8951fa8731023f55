// The web server over HTTP: health, readiness, versions, and the metrics of an agent whose numbers are known.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get as httpGet, type IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { TLSSocket } from 'node:tls';
import type { MissingHook } from '../../../host/capture/missing-hooks.ts';
import { loadConfig } from '../../../host/config/load.ts';
import { counter, exposition, gauge, info } from '../../../host/daemon/metrics/exposition.ts';
import { agentFacts, type MetricChoice } from '../../../host/daemon/metrics/facts.ts';
import { metricSource } from '../../../host/daemon/metrics/source.ts';
import { metricsText } from '../../../host/daemon/metrics/text.ts';
import { AgentWebServer } from '../../../host/daemon/web/agent-server.ts';
import { type Health, healthOf } from '../../../host/daemon/web/health.ts';
import { startWebServer, type WebServer } from '../../../host/daemon/web/server.ts';
import { Authority } from '../../support/authority.ts';
import { moduleOf, process as processImage, shadowRead, startBuiltAgent } from '../../support/built-agent.ts';
import { freePort } from '../../support/free-port.ts';

let health: Health = { alive: true, started: true, ready: true, reason: '' };
let server: WebServer;
before(async () => {
  server = await startWebServer({
    address: '127.0.0.1',
    port: 0,
    healthPath: '/healthz',
    health: () => health,
    versions: { engine_version: '63' },
  });
});
after(() => server.close());

async function get(path: string, method = 'GET') {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
  return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
}

describe('the web server', () => {
  it('answers as Falco does', async () => {
    assert.deepEqual(await get('/healthz'), { status: 200, type: 'application/json', body: '{"status": "ok"}' });
    assert.deepEqual(await get('/versions?x'), {
      status: 200,
      type: 'application/json',
      body: '{"engine_version":"63"}',
    });
    assert.equal((await get('/healthz', 'HEAD')).body, '');
  });

  it('ends a connection that asks before it has the last answer, and keeps none of these answers', async () => {
    const socket = connect(server.port, '127.0.0.1');
    let answers = 0;
    socket.on('data', (data) => {
      answers += String(data).split('HTTP/1.1 200').length - 1;
    });
    socket.on('error', () => {});
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.write('GET /versions HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(500));
    await closed;
    assert.ok(answers <= 1, `${answers} answers`);
  });

  it('takes one request after the other on a connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    for (let number = 0; number < 100; number++) {
      await new Promise<void>((resolve, reject) => {
        httpGet({ host: '127.0.0.1', port: server.port, path: '/versions', agent }, (response) => {
          ports.add(response.socket.localPort);
          response.resume().once('end', resolve);
        }).once('error', reject);
      });
    }
    agent.destroy();
    assert.equal(ports.size, 1);
  });

  it('tells life from readiness', async () => {
    health = { alive: true, started: false, ready: false, reason: 'it is starting' };
    assert.equal((await get('/healthz')).status, 200);
    assert.deepEqual(await get('/readyz'), {
      status: 503,
      type: 'application/json',
      body: '{"status":"unavailable","reason":"it is starting"}',
    });
    assert.equal((await get('/startupz')).status, 503);
    health = { alive: true, started: true, ready: false, reason: 'a hook is missing' };
    assert.equal((await get('/startupz')).status, 200);
    assert.match((await get('/readyz')).body, /a hook is missing/);
  });

  it('has nothing else, and takes nothing', async () => {
    for (const path of ['/', '/metrics', '/healthz/x', '/../etc/passwd', '/%2e%2e/'])
      assert.equal((await get(path)).status, 404, path);
    assert.match((await get('/metrics')).body, /set metrics\.enabled and webserver\.prometheus_metrics_enabled/);
    assert.equal((await get('/healthz', 'POST')).status, 405);
  });

  it('is not kept from answering by those who hold connections and say nothing', async () => {
    const silent = Array.from({ length: 100 }, () => connect(server.port, '127.0.0.1').on('error', () => {}));
    try {
      await Promise.all(silent.map((socket) => once(socket, 'connect')));
      // On a connection of its own, as the kubelet asks.
      const asked = httpGet({ host: '127.0.0.1', port: server.port, path: '/healthz', agent: false });
      const [response]: IncomingMessage[] = await once(asked, 'response');
      assert.equal(response?.resume().statusCode, 200);
    } finally {
      for (const socket of silent) socket.destroy();
    }
  });

  it('ends connections that make no sense, and lives on', async () => {
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => {});
    const ended = new Promise((resolve) => socket.once('close', resolve));
    socket.write(`GET /healthz HTTP/1.1\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`);
    socket.resume();
    await ended;
    assert.equal((await get('/healthz')).status, 200);
  });

  it('says so when it can not listen', async () => {
    const { port } = server;
    const again = { address: '127.0.0.1', port, healthPath: '/healthz', health: () => health, versions: {} };
    await assert.rejects(startWebServer(again), /EADDRINUSE/);
    await assert.rejects(
      startWebServer({ ...again, port: 0, certificate: '/nowhere.pem' }),
      /can't read \/nowhere\.pem: no such file/,
    );
  });
});

describe('HTTPS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-https-'));
  after(() => rmSync(folder, { recursive: true }));
  const authority = new Authority(folder);
  const other = new Authority(folder, 'other');
  const certificate = join(folder, 'wasprey.pem');
  const install = (issued: { certificate: string; key: string }): void => {
    const text = readFileSync(issued.key, 'utf8') + readFileSync(issued.certificate, 'utf8');
    writeFileSync(`${certificate}.new`, text);
    renameSync(`${certificate}.new`, certificate);
  };

  /** Trusts that authority alone, and keeps no connection. */
  const ask = (port: number, path: string, { path: ca }: Authority) =>
    new Promise<{ status: number | undefined; body: string; name: string }>((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path, ca: readFileSync(ca), agent: false };
      request(options, (response) => {
        const { socket } = response;
        const name = socket instanceof TLSSocket ? String(socket.getPeerCertificate().subject.CN) : '';
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        response.once('end', () => resolve({ status: response.statusCode, body, name }));
      })
        .once('error', reject)
        .end();
    });

  it('is what health and metrics are asked over, by who trusts the authority; a renewed certificate is used at once', async () => {
    install(authority.issue('first'));
    const said: string[] = [];
    const { configuration } = loadConfig({
      environment: {},
      options: [
        ...['webserver.enabled=true', `webserver.listen_port=${await freePort()}`, 'webserver.ssl_enabled=true'],
        ...[
          `webserver.ssl_certificate=${certificate}`,
          'metrics.enabled=true',
          'webserver.prometheus_metrics_enabled=true',
        ],
      ],
    });
    const secure = await AgentWebServer.start(configuration, metricSource(configuration, []), (level, message) =>
      said.push(`${level}: ${message}`),
    );
    try {
      const { listen_port: port } = configuration.webserver;
      assert.deepEqual(await ask(port, '/healthz', authority), {
        status: 200,
        body: '{"status": "ok"}',
        name: 'first',
      });
      assert.match((await ask(port, '/metrics', authority)).body, /^wasprey_capturing 0$/m);
      await assert.rejects(ask(port, '/healthz', other), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
      await assert.rejects(fetch(`http://127.0.0.1:${port}/healthz`));

      const until = async (count: number): Promise<void> => {
        const deadline = performance.now() + 20_000;
        while (said.length < count) {
          assert.ok(performance.now() < deadline, said.join('\n'));
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      };
      install(authority.issue('second'));
      await until(1);
      assert.equal((await ask(port, '/healthz', authority)).name, 'second');
      writeFileSync(certificate, 'no certificate');
      await until(2);
      const mixed = { certificate: authority.issue('third').certificate, key: authority.issue('fourth').key };
      install(mixed);
      await until(3);
      assert.equal((await ask(port, '/healthz', authority)).name, 'second');
      assert.deepEqual(said.slice(0, 2), [
        `info: the web server uses the new certificate of ${certificate}`,
        `error: the web server keeps the previous certificate: ${certificate} has no certificate in PEM form`,
      ]);
      assert.match(said[2] ?? '', /^error: the web server keeps the previous certificate: .*key values mismatch/);
    } finally {
      await secure.close();
    }
  });

  it('needs the key beside the certificate', async () => {
    writeFileSync(certificate, readFileSync(authority.issue('alone').certificate));
    const options = { address: '127.0.0.1', port: 0, healthPath: '/healthz', health: () => health, versions: {} };
    await assert.rejects(startWebServer({ ...options, certificate }), {
      message: `${certificate} has no private key in PEM form`,
    });
  });
});

describe('health', () => {
  it('is that of the engine: silent or ended, it is none', () => {
    assert.deepEqual(healthOf(undefined, 1000), {
      alive: true,
      started: false,
      ready: false,
      reason: 'it is starting',
    });
    assert.equal(healthOf(undefined, 10 * 60_000).alive, false);
    assert.deepEqual(healthOf({ running: true, silentMs: 900 }, 0), {
      alive: true,
      started: true,
      ready: true,
      reason: '',
    });
    const silent = healthOf({ running: true, silentMs: 12_345 }, 0);
    assert.deepEqual(silent, {
      alive: false,
      started: false,
      ready: false,
      reason: 'the engine has not responded for 12 s',
    });
    assert.equal(healthOf({ running: false, silentMs: 0 }, 0).alive, false);
  });

  it('is not ready while rules are blind for want of a hook, unless that is allowed', () => {
    const sign = { running: true, silentMs: 0 };
    const blind = { missing: [MISSING], needed: [MISSING], blindRules: ['A', 'B'], isAllowed: false };
    assert.deepEqual(healthOf(sign, 0, blind), {
      alive: true,
      started: true,
      ready: false,
      reason:
        '2 of the rules are blind to some events: the kernel refuses the program on_open (EINVAL: Invalid argument: unknown func)',
    });
    assert.equal(healthOf(sign, 0, { ...blind, isAllowed: true }).ready, true);
    assert.equal(healthOf(sign, 0, { ...blind, needed: [], blindRules: [] }).ready, true);
    assert.equal(healthOf({ running: false, silentMs: 0 }, 0, blind).reason, 'the engine has stopped');
  });

  it('names only the hooks that rules in use need; without the others it is ready', async () => {
    const unneeded: MissingHook = {
      hook: 'sys_exit',
      program: 'on_paths',
      reason: 'program-refused',
      detail: 'EINVAL: Invalid argument: unknown func',
      blinds: ['rename'],
      ways: ['calls'],
    };
    const sign = { running: true, silentMs: 0 };
    const blind = { missing: [unneeded, MISSING], needed: [MISSING], blindRules: ['A'], isAllowed: false };
    health = healthOf(sign, 0, blind);
    const ready = await get('/readyz');
    assert.equal(ready.status, 503);
    assert.deepEqual(JSON.parse(ready.body), {
      status: 'unavailable',
      reason:
        '1 of the rules are blind to some events: the kernel refuses the program on_open (EINVAL: Invalid argument: unknown func)',
    });
    assert.equal((await get('/startupz')).status, 200, 'a new start would change nothing');
    health = healthOf(sign, 0, { ...blind, missing: [unneeded], needed: [], blindRules: [] });
    for (const path of ['/readyz', '/startupz']) assert.equal((await get(path)).status, 200, path);
  });

  it('is ready after a loss of process images, with the detail for ten minutes', async () => {
    const hooks = { missing: [], needed: [], blindRules: [], isAllowed: false };
    const last = { from: 1000, to: 3000, images: 5, events: 2 };
    const images = { lost: 5, eventsWithout: 2, last };
    const healthAt = (now: number): Health => healthOf({ running: true, silentMs: 0 }, 0, hooks, [], images, now);
    const minutes = 60_000;
    health = healthAt(last.to + 9 * minutes);
    const ready = await get('/readyz');
    assert.equal(ready.status, 200);
    assert.deepEqual(JSON.parse(ready.body), {
      status: 'ok',
      detail:
        '5 records of processes lost, 2 events evaluated without a process, from 1970-01-01T00:00:01.000000000Z to 1970-01-01T00:00:03.000000000Z',
    });
    assert.equal((await get('/healthz')).body, '{"status": "ok"}');
    health = healthAt(last.to + 11 * minutes);
    assert.equal((await get('/readyz')).body, '{"status": "ok"}');
  });

  it('shows in a running agent, and in one that was stopped', async () => {
    await using built = await startBuiltAgent([]);
    const deadline = performance.now() + 20_000;
    // A sign comes every second.
    const seen: number[] = [];
    while (!seen.some((ms, index) => index > 0 && ms < (seen[index - 1] ?? 0))) {
      assert.ok(performance.now() < deadline, 'no sign came');
      const sign = built.agent.sign();
      assert.ok(sign.running);
      seen.push(sign.silentMs);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await built.agent.stop();
    assert.equal(built.agent.sign().running, false);
  });
});

const MISSING: MissingHook = {
  hook: 'sys_exit',
  program: 'on_open',
  reason: 'program-refused',
  detail: 'EINVAL: Invalid argument: unknown func',
  blinds: ['open', 'openat'],
  ways: ['calls'],
};
const ALL: MetricChoice = { rules: true, resources: true, state: true, events: true, perCpu: true, programs: true };

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
    const seconds = () => parse(metricsText(facts, ALL, summary)).get('falcosecurity_falco_duration_seconds_total');
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
    built.agent.inject(
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
    const values = parse(metricsText(agentFacts('1.2.3', []), ALL, measured));
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
    const values = parse(metricsText(agentFacts('1', []), ALL, { ...built.agent.summary(), tampering }));
    assert.equal(values.get('wasprey_tamper_findings'), 1);
    assert.equal(values.get('wasprey_tamper_findings_total{what="filter"}'), 2);
  });

  it('tell which hooks the kernel does not take, and how many rules are blind', async () => {
    await using built = await startBuiltAgent([]);
    const none = parse(metricsText(agentFacts('1', []), ALL, built.agent.summary()));
    assert.equal(none.get('wasprey_blind_rules'), 0);
    const needless: MissingHook = {
      hook: 'io_uring_complete',
      program: 'on_request_completed',
      reason: 'no-io-uring',
      detail: '',
      blinds: [],
      ways: [],
    };
    const hooks = { missing: [MISSING, needless], needed: [MISSING], blindRules: ['A', 'B'], isAllowed: false };
    const values = parse(metricsText(agentFacts('1', []), ALL, { ...built.agent.summary(), hooks }));
    assert.equal(values.get('wasprey_blind_rules'), 2);
    const samples = [...values].filter(([name]) => name.startsWith('wasprey_missing_hooks'));
    assert.deepEqual(samples, [
      ['wasprey_missing_hooks{hook="sys_exit",program="on_open",reason="program-refused",blinds="yes"}', 1],
      [
        'wasprey_missing_hooks{hook="io_uring_complete",program="on_request_completed",reason="no-io-uring",blinds="no"}',
        1,
      ],
    ]);
  });

  it('are served by the groups that are chosen, and say that nothing is captured yet', async () => {
    const none: MetricChoice = {
      rules: false,
      resources: false,
      state: false,
      events: false,
      perCpu: false,
      programs: false,
    };
    await using built = await startBuiltAgent([]);
    const text = metricsText(agentFacts('1', []), none, built.agent.summary());
    assert.doesNotMatch(text, /rules_matches|memory_rss|scap_n_|bpf_run/);
    assert.deepEqual([...parse(metricsText(agentFacts('1', []), ALL, undefined))], [['wasprey_capturing', 0]]);
  });
});
