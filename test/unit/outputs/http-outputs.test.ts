// Outputs over HTTP against servers that a test makes: bodies, TLS, and what becomes of alerts when the receiver does not take them.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { loadConfig } from '../../../host/config/load.ts';
import { makeOutputs } from '../../../host/daemon/make-outputs.ts';
import { integer, text } from '../../../host/fields/value.ts';
import { type Alert, DEFAULT_FORMAT } from '../../../host/outputs/alert.ts';
import { HttpClient } from '../../../host/outputs/http/client.ts';
import type { Output } from '../../../host/outputs/output.ts';
import { Authority } from '../../support/servers/authority.ts';
import { until } from '../../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'wasprey-http-'));
const servers: Server[] = [];
const outputs: Output[] = [];
after(async () => {
  for (const output of outputs) await output.close(10);
  for (const server of servers) server.close().closeAllConnections();
  rmSync(folder, { recursive: true });
});

interface Received {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers with the statuses in order, then with 200. */
async function receiver(statuses: readonly number[] = [], tls?: ServerOptions) {
  const received: Received[] = [];
  const answers = [...statuses];
  const listener: RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const status = answers.shift() ?? 200;
    if (status < 300) {
      const plain = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      received.push({ url: request.url ?? '', headers: request.headers, body: plain.toString() });
    }
    response.writeHead(status, status === 503 ? { 'retry-after': '0' } : {}).end(status < 300 ? '' : 'no thanks');
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address);
  return { url: `${tls ? 'https' : 'http'}://127.0.0.1:${address.port}`, received };
}

const ALERT: Alert = {
  time: 1_700_000_000_123_456_789n,
  rule: 'Shell in pod',
  priority: 'Warning',
  source: 'syscall',
  tags: ['shell', 'container'],
  hostname: 'node-1',
  message: 'A "shell" was started',
  fields: [
    { key: 'proc.name', value: text('sh') },
    { key: 'proc.pid', value: integer(7n) },
    { key: 'k8s.pod.name', value: text('web-0') },
    { key: 'k8s.ns.name', value: undefined },
    { key: 'wasprey.module', value: text('sha256:c0ffee') },
  ],
};

async function output(options: readonly string[], troubles: string[] = [], onLost = () => {}): Promise<Output> {
  const { configuration } = loadConfig({ environment: {}, options });
  const [made, ...more] = await makeOutputs({
    configuration,
    json: true,
    format: DEFAULT_FORMAT,
    stdout: false,
    file: undefined,
    onError: () => {},
    onTrouble: (_, message, lost) => {
      troubles.push(message);
      if (lost) onLost();
    },
  });
  assert.ok(made);
  assert.equal(more.length, 0);
  outputs.push(made);
  return made;
}

const http = (url: string, ...more: string[]) => ['http_output.enabled=true', `http_output.url=${url}`, ...more];

describe('bodies', () => {
  test('one alert a request, as Falco posts it, with what Falcosidekick reads as a string', async () => {
    const { url, received } = await receiver();
    const made = await output(
      http(`${url}/in?x=1`, 'http_output.headers.authorization=Bearer t', 'http_output.compress_uploads=true'),
    );
    made.write(ALERT);
    await made.drained?.();
    const [post] = received;
    assert.ok(post);
    assert.equal(post.url, '/in?x=1');
    assert.equal(post.headers['content-type'], 'application/json');
    assert.equal(post.headers['user-agent'], 'falcosecurity/falco');
    assert.equal(post.headers.authorization, 'Bearer t');
    assert.match(String(post.headers['idempotency-key']), /^[0-9a-f-]{36}-1$/);
    const body = JSON.parse(post.body);
    assert.equal(body.output_fields['k8s.pod.name'], 'web-0');
    assert.equal(body.output_fields['k8s.ns.name'], null);
    assert.equal(body.output_fields['wasprey.module'], 'sha256:c0ffee');
    assert.equal(body.rule, 'Shell in pod');
    assert.deepEqual(made.counters, { written: 1, dropped: 0, errors: 0, queued: 0, spoolBytes: 0 });
  });

  test("Alertmanager's alerts, several a request", async () => {
    const { url, received } = await receiver([503]);
    const made = await output([
      'alertmanager_output.enabled=true',
      `alertmanager_output.url=${url}/`,
      'alertmanager_output.labels.team-name=red',
      'alertmanager_output.expires_after=1m',
    ]);
    for (let count = 0; count < 3; count++) made.write(ALERT);
    await made.drained?.();
    assert.equal(received[0]?.url, '/api/v2/alerts');
    const alerts = received.flatMap(({ body }) => JSON.parse(body));
    assert.equal(alerts.length, 3);
    assert.deepEqual(alerts[0], {
      labels: {
        alertname: 'Shell in pod',
        priority: 'Warning',
        source: 'syscall',
        hostname: 'node-1',
        k8s_pod_name: 'web-0',
        team_name: 'red',
      },
      annotations: {
        summary: 'Shell in pod',
        description: 'A "shell" was started',
        wasprey_module: 'sha256:c0ffee',
      },
      startsAt: '2023-11-14T22:13:20.123456789Z',
      endsAt: '2023-11-14T22:14:20.123456789Z',
    });
  });

  test('log records of OpenTelemetry', async () => {
    const { url, received } = await receiver();
    const made = await output([
      'otlp_output.enabled=true',
      `otlp_output.url=${url}`,
      'otlp_output.resource.cluster=c1',
    ]);
    made.write(ALERT);
    await made.drained?.();
    assert.equal(received[0]?.url, '/v1/logs');
    const { resource, scopeLogs } = JSON.parse(received[0]?.body ?? '').resourceLogs[0];
    assert.ok(resource.attributes.some((each: { key: string }) => each.key === 'cluster'));
    const [record] = scopeLogs[0].logRecords;
    assert.equal(record.timeUnixNano, '1700000000123456789');
    assert.equal(record.severityNumber, 13);
    assert.equal(record.body.stringValue, 'A "shell" was started');
    const values = new Map(
      record.attributes.map(({ key, value }: { key: string; value: { stringValue: string } }) => [
        key,
        value.stringValue,
      ]),
    );
    assert.equal(values.get('proc.pid'), '7');
    assert.equal(values.get('rule.tags'), 'container,shell');
    assert.equal(values.get('wasprey.module'), 'sha256:c0ffee');
    assert.ok(!values.has('k8s.ns.name'));
  });
});

describe('a receiver that does not take alerts', () => {
  test('is asked again until it does, and reported once', async () => {
    const { url, received } = await receiver([500, 503, 429, 401]);
    const troubles: string[] = [];
    const made = await output(http(url), troubles);
    made.write(ALERT);
    made.write(ALERT);
    await made.drained?.();
    assert.equal(received.length, 2);
    assert.equal(made.counters.errors, 4);
    assert.equal(troubles.length, 2, troubles.join('\n'));
    assert.match(
      troubles[0] ?? '',
      /^alerts can't be delivered to http, and are queued: 127\.0\.0\.1:\d+ answered 500: no thanks$/,
    );
    assert.equal(troubles[1], 'alerts are delivered to http again');
  });

  test('that would speak another protocol has failed, and is asked again', { timeout: 20_000 }, async () => {
    let attempts = 0;
    const server = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        const switching = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n';
        socket.end(++attempts === 1 ? switching : 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = new HttpClient({
      url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
      headers: {},
      timeoutMs: 5000,
      keepAlive: true,
      compress: false,
      tls: { insecure: false, authorities: [] },
    });
    const signal = new AbortController().signal;
    const first = await client.post(Buffer.from('alert'), {}, signal);
    assert.ok(first.kind === 'failed' && /answered 101/.test(first.reason), JSON.stringify(first));
    assert.deepEqual(await client.post(Buffer.from('alert'), {}, signal), { kind: 'taken' });
    client.close();
    server.close();
  });

  test('may have as long as one likes', async () => {
    const { url, received } = await receiver();
    const made = await output(http(url, 'http_output.timeout=1y'));
    made.write(ALERT);
    await made.drained?.();
    assert.equal(received.length, 1);
  });

  test('is not asked again without a pause, though it says so', async () => {
    const { url } = await receiver(Array(1000).fill(503));
    const made = await output(http(url));
    made.write(ALERT);
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.ok(made.counters.errors >= 1 && made.counters.errors <= 4, `asked ${made.counters.errors} times in 0.7 s`);
    await made.close(0);
  });

  test('what it says is wrong in itself is given up, counted and reported', async () => {
    const { url, received } = await receiver([400]);
    const troubles: string[] = [];
    const made = await output(http(url), troubles);
    made.write(ALERT);
    made.write(ALERT);
    await made.drained?.();
    assert.equal(received.length, 1);
    assert.equal(made.counters.dropped, 1);
    assert.match(troubles[0] ?? '', /^http refuses alerts, which are lost: .* answered 400: no thanks$/);
  });

  test('that refuses all of them is not reported again for each alert that reports it', async () => {
    const { url } = await receiver(Array(1000).fill(400));
    const troubles: string[] = [];
    const made: Output = await output(http(url), troubles, () => made.write(ALERT));
    made.write(ALERT);
    made.write(ALERT);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual([made.counters.dropped, made.counters.queued, troubles.length], [3, 0, 1]);
  });

  test('what waits for it is delivered after a restart, by the same key', async () => {
    const spool = ['spool.enabled=true', `spool.path=${join(folder, 'spool')}`];
    const away = await output(http('http://127.0.0.1:1', ...spool));
    away.write(ALERT);
    away.write({ ...ALERT, rule: 'Second' });
    const deadline = Date.now() + 10_000;
    while (away.counters.errors === 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    await away.close(10);
    const { url, received } = await receiver();
    const back = await output(http(url, ...spool));
    await back.drained?.();
    assert.deepEqual(
      received.map(({ body }) => JSON.parse(body).rule),
      ['Shell in pod', 'Second'],
    );
    assert.deepEqual(
      received.map(({ headers }) => String(headers['idempotency-key']).split('-').at(-1)),
      ['1', '2'],
    );
    assert.equal(new Set(received.map(({ headers }) => String(headers['idempotency-key']).slice(0, 36))).size, 1);
  });

  test('what the disk has not kept of it counts as lost', async () => {
    const place = join(folder, 'damaged');
    const spool = ['spool.enabled=true', `spool.path=${place}`];
    const away = await output(http('http://127.0.0.1:1', ...spool));
    for (const rule of ['First', 'Second', 'Third']) away.write({ ...ALERT, rule });
    await until(() => away.counters.errors > 0);
    await away.close(10);
    const name = readdirSync(join(place, 'http')).find((each) => each.endsWith('.spool')) ?? '';
    const path = join(place, 'http', name);
    writeFileSync(path, readFileSync(path, 'latin1').replace('Second', 'second'), 'latin1');
    const { url, received } = await receiver();
    const back = await output(http(url, ...spool));
    await back.drained?.();
    assert.deepEqual(
      received.map(({ body }) => JSON.parse(body).rule),
      ['First', 'Third'],
    );
    const { written, dropped, queued } = back.counters;
    assert.deepEqual([written, dropped, queued], [2, 1, 0]);
  });
});

describe('TLS', () => {
  const at = (name: string) => join(folder, name);
  const authority = new Authority(folder);
  for (const name of ['server', 'client']) authority.issue(name);
  const server = { cert: readFileSync(at('server.crt')), key: readFileSync(at('server.key')) };
  const ca = readFileSync(at('ca.crt'));

  test('a certificate is trusted by its authority, and not without', async () => {
    const { url, received } = await receiver([], server);
    const trusting = await output(http(url, `http_output.ca_cert=${at('ca.crt')}`));
    trusting.write(ALERT);
    await trusting.drained?.();
    assert.equal(received.length, 1);
    const troubles: string[] = [];
    const careful = await output(http(url), troubles);
    careful.write(ALERT);
    const deadline = Date.now() + 10_000;
    while (troubles.length === 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.match(troubles[0] ?? '', /certificate/);
    const careless = await output(http(url, 'http_output.insecure=true'));
    careless.write(ALERT);
    await careless.drained?.();
    assert.equal(received.length, 2);
  });

  test('the receiver may ask for a certificate', async () => {
    const { url, received } = await receiver([], { ...server, ca, requestCert: true, rejectUnauthorized: true });
    const known = await output(
      http(
        url,
        `http_output.ca_cert=${at('ca.crt')}`,
        'http_output.mtls=true',
        `http_output.client_cert=${at('client.crt')}`,
        `http_output.client_key=${at('client.key')}`,
      ),
    );
    known.write(ALERT);
    await known.drained?.();
    assert.equal(received.length, 1);
  });

  test('files that are missing or hold no certificate are reported before anything starts', async () => {
    await assert.rejects(
      output(http('https://127.0.0.1:1', `http_output.ca_cert=${at('no.crt')}`)),
      /can't read .*no\.crt: no such file or directory$/,
    );
    writeFileSync(at('text.crt'), 'no certificate');
    await assert.rejects(
      output(http('https://127.0.0.1:1', `http_output.ca_cert=${at('text.crt')}`)),
      /text\.crt has no certificate in PEM form/,
    );
    await assert.rejects(
      output(
        http(
          'https://127.0.0.1:1',
          'http_output.mtls=true',
          `http_output.client_cert=${at('client.key')}`,
          `http_output.client_key=${at('client.crt')}`,
        ),
      ),
      /certificates or key can't be used/,
    );
    await assert.rejects(output(http('nonsense')), /http_output\.url is not a URL/);
    await assert.rejects(output(http('ftp://h/')), /use http:\/\/ or https:\/\//);
  });
});
