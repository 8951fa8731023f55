// The audit webhook over HTTP and HTTPS: who is heard, what is read, and which answer makes an API server do what is right.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { Agent, request as secureRequest } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import type { AuditText, TextOutcome } from '../../../host/audit/live/protocol.ts';
import { AuditWebhook, LARGEST_BODY, type WebhookOptions } from '../../../host/daemon/audit/webhook.ts';
import { Authority } from '../../support/servers/authority.ts';
import { until } from '../../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'wasprey-webhook-'));
const tokenFile = join(folder, 'token');
writeFileSync(tokenFile, 'secret\n');

const GOOD: TextOutcome = { received: 1, evaluated: 1, duplicates: 0, dropped: [] };
let evaluate: (text: AuditText) => Promise<TextOutcome>;
let texts: AuditText[] = [];
let webhook: AuditWebhook;

function start(options: Partial<WebhookOptions>): Promise<AuditWebhook> {
  return AuditWebhook.start({
    ...{ address: '127.0.0.1', port: 0, path: '/k8s-audit' },
    evaluate: (text) => {
      texts.push(text);
      return evaluate(text);
    },
    ...options,
  });
}

before(async () => {
  webhook = await start({ tokenFile });
});
beforeEach(() => {
  texts = [];
  evaluate = async () => GOOD;
});
after(async () => {
  await webhook.close();
  rmSync(folder, { recursive: true });
});

const HEADERS = { authorization: 'Bearer secret', 'content-type': 'application/json' };

interface Sent {
  readonly method?: string;
  readonly path?: string;
  /** In place of those of an API server; undefined: not sent. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | Uint8Array;
}

async function send({ method = 'POST', path = '/k8s-audit?timeout=30s', headers = {}, body = '{}' }: Sent) {
  const all = Object.entries({ ...HEADERS, ...headers }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  const sent = request({
    host: '127.0.0.1',
    port: webhook.port,
    method,
    path,
    headers: Object.fromEntries(all),
    agent: false,
  });
  // The answer may come before all of the body is sent.
  sent.on('error', () => {});
  sent.end(body);
  const [response] = await once(sent, 'response');
  const text = await response.setEncoding('utf8').toArray();
  return { status: response.statusCode, retryAfter: response.headers['retry-after'], body: JSON.parse(text.join('')) };
}

test('a batch is evaluated before it is answered', async () => {
  evaluate = async () => ({ received: 5, evaluated: 2, duplicates: 1, dropped: [['too-large', 2]] });
  const { status, body } = await send({ body: '{"x":1}' });
  assert.equal(status, 200);
  assert.deepEqual(body, { received: 5, evaluated: 2, duplicates: 1, dropped: { 'too-large': 2 } });
  assert.equal(Buffer.from(texts[0]?.bytes ?? []).toString(), '{"x":1}');
  assert.equal(texts[0]?.isGzip, false);
  await send({ headers: { 'content-encoding': 'gzip' } });
  assert.equal(texts[1]?.isGzip, true);
});

test('strangers are not heard, and do not learn what there is', async () => {
  for (const authorization of [
    undefined,
    'Bearer',
    'Bearer secret2',
    'Bearer secre',
    'Basic secret',
    'secret',
    'Bearer s ecret',
  ]) {
    const { status, body } = await send({ headers: { authorization }, path: '/nowhere', method: 'PUT' });
    assert.deepEqual([status, body], [401, { error: 'a token is required' }], authorization);
  }
  assert.equal((await send({ headers: { authorization: 'bearer  secret' } })).status, 200);
  assert.equal(texts.length, 1);
});

test('a request that is not a batch is refused, and not read', async () => {
  const cases: readonly (readonly [number, Sent])[] = [
    [404, { path: '/' }],
    [404, { path: '/k8s-audit/' }],
    [404, { path: '/x/../k8s-audit' }],
    [405, { method: 'PUT' }],
    [415, { headers: { 'content-type': 'text/plain' } }],
    [415, { headers: { 'content-type': undefined } }],
    [415, { headers: { 'content-encoding': 'br' } }],
    [415, { headers: { 'content-encoding': 'gzip, gzip' } }],
    [413, { headers: { 'content-length': String(LARGEST_BODY + 1) } }],
    [413, { body: Buffer.alloc(LARGEST_BODY + 1), headers: { 'transfer-encoding': 'chunked' } }],
  ];
  for (const [status, sent] of cases)
    assert.equal((await send(sent)).status, status, JSON.stringify(sent.headers ?? sent));
  assert.equal(texts.length, 0);
});

test('what can not be read is refused for good; a thread that has ended is a reason to come again', async () => {
  for (const [unreadable, status] of [
    ['not-json', 400],
    ['too-large', 413],
  ] as const) {
    evaluate = async () => ({ received: 1, evaluated: 0, duplicates: 0, dropped: [[unreadable, 1]], unreadable });
    assert.equal((await send({})).status, status);
  }
  evaluate = () => Promise.reject(new Error('it has ended'));
  const { status, retryAfter } = await send({});
  assert.deepEqual([status, retryAfter], [503, '1']);
});

test('under overload the API server is to come again, and is heard when there is room', async () => {
  const waiting: (() => void)[] = [];
  evaluate = () => new Promise((resolve) => waiting.push(() => resolve(GOOD)));
  const body = Buffer.alloc(LARGEST_BODY, ' ');
  const sent = Array.from({ length: 4 }, () => send({ body }));
  await until(() => waiting.length === 4 || undefined);
  const { status, retryAfter } = await send({ body });
  assert.deepEqual([status, retryAfter], [503, '1']);
  for (const done of waiting) done();
  for (const { status } of await Promise.all(sent)) assert.equal(status, 200);
  evaluate = async () => GOOD;
  assert.equal((await send({ body })).status, 200);
});

test('a sender that goes within its body leaves its room to others', async () => {
  for (let times = 0; times < 8; times++) {
    const socket = connect(webhook.port, '127.0.0.1').on('error', () => {});
    const head = Object.entries(HEADERS).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`POST /k8s-audit HTTP/1.1\r\nHost: a\r\n${head.join('')}Content-Length: ${LARGEST_BODY}\r\n\r\n{`);
    // The room is taken once the head has been read.
    await until(() => socket.bytesWritten > 0 || undefined);
    socket.destroy();
  }
  await until(async () => (await send({ body: Buffer.alloc(LARGEST_BODY, ' ') })).status === 200);
});

test('requests that two servers could read differently are ended without an answer', async () => {
  const head = Object.entries(HEADERS)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  const cases = [
    `POST /k8s-audit HTTP/1.1\r\nHost: a\r\n${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `POST /k8s-audit HTTP/1.1\r\nHost: a\r\n${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} `,
    `POST /k8s-audit HTTP/1.1\r\nHost: a\r\n${head}Transfer-Encoding: xchunked\r\n\r\n{}`,
    `POST /k8s-audit HTTP/1.1\r\nHost: a\r\n${head}Content-Length: +2\r\n\r\n{}`,
    `POST /k8s-audit HTTP/1.1\r\nHost: a\r\n${head}X: ${'y'.repeat(100_000)}\r\n\r\n`,
    '\u0016\u0003\u0001 junk\r\n\r\n',
  ];
  for (const text of cases) {
    const socket = connect(webhook.port, '127.0.0.1').on('error', () => {});
    let answer = '';
    socket.on('data', (data) => {
      answer += data;
    });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(text);
    await closed;
    assert.doesNotMatch(answer, / 200 /, text.slice(0, 200));
  }
  assert.equal(texts.length, 0);
});

test('strangers that hold connections do not end that of a batch, nor keep one from coming', async () => {
  const { promise: evaluating, resolve: begun } = Promise.withResolvers<void>();
  let finish: () => void = () => {};
  evaluate = () => {
    begun();
    return new Promise((resolve) => {
      finish = () => resolve(GOOD);
    });
  };
  const batch = send({});
  await evaluating;
  const silent = Array.from({ length: 100 }, () => connect(webhook.port, '127.0.0.1').on('error', () => {}));
  try {
    await Promise.all(silent.map((socket) => once(socket, 'connect')));
    finish();
    assert.equal((await batch).status, 200);
    evaluate = async () => GOOD;
    assert.equal((await send({})).status, 200);
  } finally {
    for (const socket of silent) socket.destroy();
  }
});

test('the token is read again; one that can not be read leaves the one before', async () => {
  writeFileSync(tokenFile, 'other');
  webhook.renew();
  assert.equal((await send({})).status, 401);
  assert.equal((await send({ headers: { authorization: 'Bearer other' } })).status, 200);
  writeFileSync(tokenFile, ' \n');
  assert.throws(() => webhook.renew(), { message: `${tokenFile} has no token` });
  assert.equal((await send({ headers: { authorization: 'Bearer other' } })).status, 200);
  assert.equal((await send({ headers: { authorization: 'Bearer ' } })).status, 401);
  writeFileSync(tokenFile, 'secret');
  webhook.renew();
});

test('answers are counted by their status', async () => {
  const count = (status: number) => webhook.answers.find((answer) => answer.status === status)?.count ?? 0;
  const [good, strange] = [count(200), count(401)];
  await send({});
  await send({ headers: { authorization: undefined } });
  assert.deepEqual([count(200), count(401)], [good + 1, strange + 1]);
});

test('with client_ca only who has a certificate of it is heard, over TLS', async () => {
  const [servers, clients, others] = ['servers', 'clients', 'others'].map((name) => new Authority(folder, name));
  assert.ok(servers && clients && others);
  const certificate = join(folder, 'server.pem');
  const own = servers.issue('server');
  writeFileSync(`${certificate}.new`, readFileSync(own.certificate, 'utf8') + readFileSync(own.key, 'utf8'));
  renameSync(`${certificate}.new`, certificate);
  const secure = await start({ certificate, clientAuthorities: clients.path, tokenFile });
  const post = (
    pair: { certificate: string; key: string } | undefined,
    headers: Readonly<Record<string, string>> = HEADERS,
    agent: Agent | false = false,
  ) =>
    new Promise<number | undefined>((resolve, reject) => {
      const identity = pair && { cert: readFileSync(pair.certificate), key: readFileSync(pair.key) };
      const place = { host: '127.0.0.1', port: secure.port, path: '/k8s-audit', method: 'POST' };
      const sent = secureRequest({ ...place, ...identity, ca: readFileSync(servers.path), headers, agent });
      sent.once('error', reject);
      sent.once('response', (response) => resolve(response.resume().statusCode));
      sent.end('{}');
    });
  const kept = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    const client = clients.issue('api-server');
    assert.equal(await post(client), 200);
    // Both are required.
    assert.equal(await post(client, { 'content-type': 'application/json' }), 401);
    await assert.rejects(post(undefined));
    await assert.rejects(post(others.issue('stranger')));
    assert.equal(texts.length, 1);
    // Not even by a connection of before.
    assert.equal(await post(client, HEADERS, kept), 200);
    writeFileSync(clients.path, readFileSync(others.path));
    secure.renew();
    await assert.rejects(post(client, HEADERS, kept));
    assert.equal(await post(others.issue('api-server')), 200);
  } finally {
    kept.destroy();
    await secure.close();
  }
  writeFileSync(join(folder, 'empty.pem'), '');
  await assert.rejects(start({ certificate, clientAuthorities: join(folder, 'empty.pem') }), {
    message: `${join(folder, 'empty.pem')} has no certificate in PEM form`,
  });
});

test('a stop answers what is under way', async () => {
  const stopping = await start({ tokenFile });
  const { promise: evaluating, resolve: begun } = Promise.withResolvers<void>();
  let finish: () => void = () => {};
  evaluate = () => {
    begun();
    return new Promise((resolve) => {
      finish = () => resolve(GOOD);
    });
  };
  const place = { host: '127.0.0.1', port: stopping.port, path: '/k8s-audit', method: 'POST', headers: HEADERS };
  const sent = request({ ...place, agent: false });
  sent.end('{}');
  const answered = once(sent, 'response');
  await evaluating;
  const closed = stopping.close();
  finish();
  const [response] = await answered;
  assert.equal(response.resume().statusCode, 200);
  await closed;
});
