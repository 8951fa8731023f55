// Bounds of the way of requests to enter pods: a backlog that is full, readers that are slow, a receiver that sends something else, a disk that fails.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { Backlog } from '../../../host/daemon/audit/agents/backlog.ts';
import { coverageIn, loadStreamState } from '../../../host/journal/stream-state-file.ts';
import {
  coverageJson,
  coversPod,
  NO_COVERAGE,
  readCoverage,
  withoutSpan,
  withSpan,
  withWithheld,
} from '../../../host/sessions/coverage.ts';
import { makeDirectory } from '../../support/directory.ts';
import { Authority } from '../../support/servers/authority.ts';
import { TestAgent, TestReceiver } from '../../support/servers/request-receiver.ts';
import { tokenOf } from '../../support/servers/token-reviews.ts';
import { until } from '../../support/until.ts';

const MS = 1_000_000n;

test('a backlog keeps the latest of each node within its bounds, and knows whom it lacks something for', () => {
  let now = 0;
  const backlog = new Backlog({ messages: 3, bytes: 10_000, bytesInAll: 1_500 }, () => ++now);
  const positions = (node: string, from: number): number[] =>
    backlog.after(node, from, 10).map(({ position }) => position);
  for (let number = 0; number < 5; number++) backlog.add('a', { kind: 'request', number });
  backlog.add('b', { kind: 'request' });
  backlog.add(undefined, { kind: 'gap' });
  assert.deepEqual(
    [positions('a', 0), positions('a', 4), positions('b', 0), positions('c', 0)],
    [[3, 4, 5, 7], [5, 7], [6, 7], [7]],
  );
  assert.deepEqual(
    [0, 1, 2].map((position) => backlog.missing('a', position)?.arrived),
    [2, 2, undefined],
  );
  assert.equal(backlog.missing('b', 0), undefined);
  // A node with more than others loses its own.
  backlog.add('b', { kind: 'request', text: 'x'.repeat(600) });
  assert.deepEqual(
    [positions('a', 0), positions('b', 0)],
    [
      [3, 4, 5, 7],
      [7, 8],
    ],
  );
  assert.ok(backlog.counters.bytes <= 1_500);
  assert.ok(backlog.counters.dropped > 2);
  assert.deepEqual(backlog.after('a', 0, 1).length, 1);
});

test('an agent that was away for longer than the backlog lasts learns of the gap', async () => {
  await using receiver = await TestReceiver.start();
  const first = receiver.agent('node-a').start();
  const time = Date.now() + 400;
  const at = { namespace: 'shop', pod: 'web-0' };
  const covers = async (from: number, to: number): Promise<boolean> =>
    coversPod((await coverageIn(first.folder)) ?? NO_COVERAGE, at, { from: BigInt(from) * MS, to: BigInt(to) * MS });
  await until(() => covers(time, time));
  await first.stop();
  for (let number = 0; number < 2_500; number++) receiver.kubelet('node-a', `${number}`);
  await until(() => receiver.forwarding.summary.pending === 0);
  await using second = receiver.agent('node-a').start();
  await until(() => second.taken.length === 2_000);
  assert.deepEqual([second.taken[0], second.taken.at(-1)], ['500', '2499']);
  assert.ok(second.client.summary.gaps >= 1);
  const later = Date.now() + 400;
  await until(() => covers(later, later));
  assert.deepEqual([await covers(time, time), await covers(time, later)], [true, false]);
});

test('an agent that does not read takes no memory without a bound, and others get theirs', async () => {
  await using receiver = await TestReceiver.start();
  const port = Number(new URL(receiver.url).port);
  const socket = connectTls({ port, host: '127.0.0.1', ca: receiver.authority.pem });
  socket.on('error', () => {});
  socket.write(`GET /pod-requests HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${tokenOf('node-a')}\r\n\r\n`);
  socket.pause();
  await until(() => receiver.forwarding.summary.streams === 1);
  await using other = receiver.agent('node-b').start();
  await until(() => receiver.forwarding.summary.streams === 2);
  // More than what sockets and the backlog take.
  for (let sent = 0; sent < 40_000 && receiver.forwarding.summary.streams === 2; sent++) {
    receiver.kubelet('node-a', `${sent}`, 'x'.repeat(4_000));
    if (sent % 100 === 0) await new Promise(setImmediate);
  }
  receiver.exec({ id: 'b', pod: 'web-1' });
  await until(() => other.taken.includes('b'));
  await until(() => receiver.forwarding.summary.streams === 1);
  assert.ok(receiver.forwarding.summary.backlog.bytes <= 3 << 20);
  socket.destroy();
});

test('the latest stream of a pod is the one that counts', async () => {
  await using receiver = await TestReceiver.start();
  await using one = receiver.agent('node-a').start();
  await until(() => one.client.summary.streams === 1);
  await using two = receiver.agent('node-a', { folder: 'again' }).start();
  await until(() => two.client.summary.streams >= 1 && one.client.summary.streams >= 2);
  assert.ok(receiver.forwarding.summary.streams <= 2);
});

/** A receiver that sends that to whoever asks. */
async function sending(lines: string | Buffer) {
  const directory = makeDirectory();
  const authority = new Authority(directory.path);
  const { certificate, key } = authority.issue('hostile');
  const files = { cert: readFileSync(certificate), key: readFileSync(key) };
  const server = createServer(files, (_, response) => void response.writeHead(200).write(lines));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const tokenFile = join(directory.path, 'token');
  writeFileSync(tokenFile, 'token');
  const { port } = server.address() as AddressInfo;
  const place = { url: `https://127.0.0.1:${port}`, authorities: authority.path, tokenFile, silenceMs: 2_000 };
  const agent = new TestAgent(join(directory.path, 'journal'), place).start();
  return {
    agent,
    async [Symbol.asyncDispose]() {
      await agent.stop();
      server.closeAllConnections();
      server.close();
      directory.remove();
    },
  };
}

const BEGIN = '{"kind":"begin","epoch":"e","position":0,"whole":"1"}\n';

test('a receiver that sends something else, too much or nothing is left, and nothing of it counts', async () => {
  const cases: readonly (readonly [string | Buffer, RegExp])[] = [
    ['junk\n', /something else/],
    ['{"kind":"alive","position":1,"whole":"5"}\n', /something else/],
    [`${BEGIN}${BEGIN}`, /something else/],
    [`${BEGIN}{"kind":"request","position":1,"event":{"kind":"Event","auditID":"x"}}\n`, /something else/],
    [`${BEGIN}{"kind":"alive","position":1,"whole":"-5"}\n`, /something else/],
    [`${BEGIN}{"kind":"gap","position":1,"from":"1"}\n`, /something else/],
    ['{"kind":"begin","epoch":"e","position":0}\n', /continues a stream that the agent did not ask for/],
    [Buffer.alloc(300 * 1024, 'x'), /too long/],
    [`${BEGIN}${'y'.repeat(300 * 1024)}\n`, /too long|something else/],
    [Buffer.from([0xff, 0xfe, 0x00, 0x0a]), /something else/],
    ['', /silent/],
  ];
  for (const [lines, reason] of cases) {
    await using hostile = await sending(lines);
    const { agent } = hostile;
    await until(() => reason.test(agent.client.summary.failure ?? ''));
    assert.deepEqual(agent.taken, [], String(lines).slice(0, 80));
    assert.deepEqual((await coverageIn(agent.folder))?.spans ?? [], []);
  }
});

test('what a journal could not be written is asked for again, and does not count before', async () => {
  await using receiver = await TestReceiver.start();
  // A folder has the name of the file.
  const folder = join(receiver.directory.path, 'node-a');
  mkdirSync(join(folder, 'pod-requests.jsonl'), { recursive: true });
  await using agent = receiver.agent('node-a').start();
  receiver.exec({ id: 'e' });
  await until(() => agent.failures.length > 0 && agent.client.summary.failure !== undefined);
  const time = Date.now() + 400;
  rmSync(join(folder, 'pod-requests.jsonl'), { recursive: true });
  await until(async () =>
    coversPod(
      (await coverageIn(folder)) ?? NO_COVERAGE,
      { namespace: '', pod: '' },
      { from: BigInt(time) * MS, to: BigInt(time) * MS },
    ),
  );
  assert.match(readFileSync(join(folder, 'pod-requests.jsonl'), 'utf8'), /"auditID":"e"/);
});

test('a receiver whose clock is ahead covers no time that has not come', async () => {
  const ahead = BigInt(Date.now() + 3_600_000) * MS;
  const now = BigInt(Date.now()) * MS;
  await using early = await sending(`${BEGIN}{"kind":"alive","position":1,"whole":"${ahead}","now":"${now}"}\n`);
  const { folder } = early.agent;
  await until(async () => (await coverageIn(folder))?.spans.length === 1);
  const [span] = (await coverageIn(folder))?.spans ?? [];
  assert.ok(span && span.to <= BigInt(Date.now()) * MS);
});

test('a receiver that does not say what its clock shows covers nothing', async () => {
  const whole = BigInt(Date.now() - 1_000) * MS;
  await using older = await sending(`${BEGIN}{"kind":"alive","position":1,"whole":"${whole}"}\n`);
  await until(() => older.agent.client.summary.lastHeard !== undefined);
  await until(async () => (await loadStreamState(older.agent.folder))?.at?.position === 1);
  assert.deepEqual((await coverageIn(older.agent.folder))?.spans, []);
});

test('coverage: spans join, gaps split, and what is forgotten does not count', () => {
  const pod = { namespace: 'shop', pod: 'web-0' };
  let coverage = withSpan(withSpan(NO_COVERAGE, { from: 10n, to: 20n }), { from: 20n, to: 30n });
  assert.deepEqual(coverage.spans, [{ from: 10n, to: 30n }]);
  coverage = withoutSpan(coverage, { from: 15n, to: 15n });
  assert.equal(coversPod(coverage, pod, { from: 11n, to: 16n }), false);
  assert.equal(coversPod(coverage, pod, { from: 16n, to: 30n }), true);
  assert.deepEqual(withSpan(coverage, { from: 5n, to: 5n }).spans, coverage.spans);
  const withheld = withWithheld(coverage, { ...pod, received: 25n });
  assert.equal(coversPod(withheld, pod, { from: 16n, to: 30n }), false);
  assert.equal(coversPod(withheld, { ...pod, pod: 'web-1' }, { from: 16n, to: 30n }), true);
  let many = withSpan(NO_COVERAGE, { from: 0n, to: 10_000n });
  for (let received = 1n; received <= 600n; received++) many = withWithheld(many, { ...pod, received });
  assert.equal(many.withheld.length, 513);
  assert.equal(coversPod(many, { namespace: 'shop', pod: 'other' }, { from: 50n, to: 60n }), false);
  assert.equal(coversPod(many, { namespace: 'other', pod: 'web-0' }, { from: 50n, to: 60n }), true);
  assert.deepEqual(readCoverage(JSON.parse(JSON.stringify(coverageJson(many)))), many);
  assert.equal(coversPod(many, { namespace: 'shop', pod: 'other' }, { from: 100n, to: 160n }), true);
  for (let received = 1_001n; received <= 2_000n; received++) {
    many = withWithheld(many, { namespace: `of-${received}`, pod: 'web-0', received });
  }
  assert.equal(many.withheld.length, 512 + 256);
  assert.equal(coversPod(many, { namespace: 'calm', pod: 'web-0' }, { from: 1_100n, to: 1_200n }), false);
  assert.equal(coversPod(many, { namespace: 'of-1300', pod: 'other' }, { from: 1_290n, to: 1_310n }), false);
  assert.equal(coversPod(many, { namespace: 'calm', pod: 'web-0' }, { from: 1_290n, to: 1_310n }), true);
  let spans = NO_COVERAGE;
  for (let at = 0n; at < 300n; at++) spans = withSpan(spans, { from: at * 10n, to: at * 10n + 5n });
  assert.equal(spans.spans.length, 256);
  assert.equal(coversPod(spans, pod, { from: 1n, to: 2n }), false);
});
