// A database that is paused by a response goes on when it is resumed, with the connections that it had.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { directoryForTest } from '../support/directory.ts';
import { assertDone, container, targetIn } from '../support/responses/response-containers.ts';
import { openPerformer, responseOf } from '../support/responses/response-scene.ts';
import { until } from '../support/until.ts';

/** One connection watches a key, another sets it to each line of the input. In the end it prints how many it has made. */
const CLIENT = `
  const { Agent, request } = require('node:http');
  const { createInterface } = require('node:readline');
  const encoded = (text) => Buffer.from(text).toString('base64');
  const agent = new Agent({ keepAlive: true });
  const sockets = new Set();
  const ask = (path, body, heard) => {
    const sent = request({ agent, host: '127.0.0.1', port: 2379, path, method: 'POST' }, (response) => response.on('data', heard));
    sent.on('socket', (socket) => sockets.add(socket));
    sent.on('error', ({ message }) => console.log(message));
    sent.end(JSON.stringify(body));
  };
  ask('/v3/watch', { create_request: { key: encoded('key') } }, (data) => {
    const [event] = JSON.parse(data).result.events ?? [];
    console.log(event ? 'seen ' + Buffer.from(event.kv.value, 'base64') : 'watching');
  });
  createInterface(process.stdin)
    .on('line', (line) =>
      ask('/v3/kv/put', { key: encoded('key'), value: encoded(line) }, () => console.log('put ' + line)))
    .on('close', () => {
      console.log('connections: ' + sockets.size);
      process.exit();
    });`;

/** By address: a name would be looked up. */
const ETCD = `/usr/bin/etcd --data-dir /tmp/etcd --log-level error
  --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380
  --initial-advertise-peer-urls http://127.0.0.1:2380 --initial-cluster default=http://127.0.0.1:2380`;

test('etcd', { timeout: 60_000 }, async (t) => {
  const box = container({ root: 'host', program: ETCD.split(/\s+/) });
  const inside = (...words: readonly string[]) => spawn('nsenter', ['-t', String(box.pid), '-n', ...words]);
  await once(inside('/usr/bin/busybox', 'ip', 'link', 'set', 'lo', 'up'), 'close');
  const health = ['wget', '-q', '-O', '-', 'http://127.0.0.1:2379/health'];
  await until(async () => (await once(inside('/usr/bin/busybox', ...health), 'close'))[0] === 0, 30_000);
  const client = inside(process.execPath, '-e', CLIENT);
  t.after(() => client.kill());
  const lines: string[] = [];
  client.stdout.on('data', (data) => lines.push(...String(data).trim().split('\n')));
  await until(() => lines.includes('watching'));
  const set = async (value: string): Promise<void> => {
    client.stdin.write(`${value}\n`);
    await until(() => lines.includes(`put ${value}`) && lines.includes(`seen ${value}`));
  };
  await set('before');

  const { performer } = await openPerformer(join(directoryForTest(t), 'ledger'), () => undefined);
  assertDone(await performer.perform(responseOf('pause_container'), targetIn(box)));
  const meanwhile = set('meanwhile');
  await pause(1000);
  assert.equal(lines.length, 3, lines.join(', '));
  const [entry] = await performer.list();
  await performer.undo(entry?.id ?? '');
  await meanwhile;
  await set('after');
  await performer.close();
  client.stdin.end();
  await until(() => lines.includes('connections: 2'));
});
