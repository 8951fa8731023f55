// The web server over HTTP: health, readiness, versions, and HTTPS.

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
import { metricSource } from '../../../host/daemon/metrics/source.ts';
import { AgentWebServer } from '../../../host/daemon/web/agent-server.ts';
import { type Health, healthOf } from '../../../host/daemon/web/health.ts';
import { startWebServer, type WebServer } from '../../../host/daemon/web/server.ts';
import { startBuiltAgent } from '../../support/records/built-agent.ts';
import { OPENS_REFUSED } from '../../support/refused-hook.ts';
import { Authority } from '../../support/servers/authority.ts';
import { freePort } from '../../support/servers/free-port.ts';
import { until } from '../../support/until.ts';

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

      install(authority.issue('second'));
      await until(() => said.length >= 1);
      assert.equal((await ask(port, '/healthz', authority)).name, 'second');
      writeFileSync(certificate, 'no certificate');
      await until(() => said.length >= 2);
      const mixed = { certificate: authority.issue('third').certificate, key: authority.issue('fourth').key };
      install(mixed);
      await until(() => said.length >= 3);
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
  it('is that of the engine: unhealthy when it is silent or has ended', () => {
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
    const blind = { missing: [OPENS_REFUSED], needed: [OPENS_REFUSED], blindRules: ['A', 'B'], isAllowed: false };
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
    const blind = { missing: [unneeded, OPENS_REFUSED], needed: [OPENS_REFUSED], blindRules: ['A'], isAllowed: false };
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
