// What others can have looked up as often as they like: how long that may take, and that sockets are found.

import assert from 'node:assert/strict';
import { readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { type TcpSocket, tcpSockets } from '../../../host/fields/socket-table.ts';
import { TimeBudget } from '../../../host/fields/time-budget.ts';

test('of the time a share is spent at most, whatever one piece of work takes', () => {
  let now = 1_000;
  const budget = new TimeBudget(0.05, 200, { now: () => now, used: () => now });
  /** For 20 s, as often as it may. */
  const workFor = (milliseconds: number): number => {
    const end = now + 20_000;
    let spent = 0;
    while (now < end) {
      if (!budget.isLeft) now++;
      else spent += budget.spend(() => (now += milliseconds)) > 0 ? milliseconds : 0;
    }
    return spent;
  };
  for (const milliseconds of [1, 30, 300]) {
    const spent = workFor(milliseconds);
    assert.ok(spent >= 900 && spent <= 1_000 + 200 + milliseconds, `${spent} ms`);
  }
  now += 3_600_000;
  assert.ok(workFor(10) <= 1_210);
});

test('sockets are found by their inode numbers, few or many', async (context) => {
  const server = createServer().listen(0, '127.0.0.1');
  context.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const text = `127.0.0.1:${address.port}`;
  const inode = inodeOf(server);
  const expected = { text, address: Uint8Array.of(127, 0, 0, 1), port: address.port };
  const others = Array.from({ length: 20 }, (_, index) => `${index}`);
  for (const inodes of [[inode], [inode, ...others]]) {
    const found: readonly TcpSocket[] = tcpSockets('/proc/self', new Set(inodes));
    assert.deepEqual(
      found.filter(({ local }) => local.text === text).map(({ local, isListening }) => [local, isListening]),
      [[expected, true]],
    );
  }
  assert.deepEqual(tcpSockets('/proc/self', new Set()), []);
});

/** Of a server or socket of node's, which has the descriptor in its handle. */
function inodeOf(server: unknown): string {
  const { fd } = (server as { readonly _handle: { readonly fd: number } })._handle;
  const [, inode = ''] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`)) ?? [];
  return inode;
}
