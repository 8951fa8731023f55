// What an enemy tries on the page, with a connection and with a session: names of captures that lead elsewhere, requests that never end, cookies of
// others, and windows that read nothing.

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { AlertBoard } from '../../../host/daemon/console/alert-board.ts';
import { BoardStreams } from '../../../host/daemon/console/board-streams.ts';
import { text } from '../../../host/fields/value.ts';
import { capturedStory } from '../../support/page/captured-story.ts';
import { type PageAgent, startPageAgent } from '../../support/page/page-agent.ts';
import { STORY_RULES } from '../../support/page/page-story.ts';
import { Folder } from '../../support/records/recordings.ts';

const folder = new Folder();
const API = `/api/${'a'.repeat(22)}`;
let agent: PageAgent;
let cookie = '';
before(async () => {
  const captures = folder.file('captures');
  mkdirSync(`${captures}/inner.wsp`, { recursive: true });
  const { bytes } = capturedStory();
  for (const name of ['captures/good.wsp', 'captures/.hidden.wsp', 'captures/inner.wsp/deep.wsp', 'outside.wsp'])
    writeFileSync(folder.file(name), bytes);
  agent = await startPageAgent(STORY_RULES, { captures });
  const token = new URL(agent.link()).hash.replace('#token=', '');
  const opened = await fetch(`${agent.origin}/session`, { method: 'POST', body: token });
  [cookie = ''] = String(opened.headers.get('set-cookie')).split(';', 1);
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const portOf = ({ origin }: PageAgent): number => Number(new URL(origin).port);

/** All that the agent answers until it closes the connection. fetch() would tidy up the path. */
async function raw(...lines: readonly string[]): Promise<string> {
  const socket = connect(portOf(agent), '127.0.0.1');
  socket.on('error', () => {});
  socket.write(`${[...lines, 'connection: close'].join('\r\n')}\r\n\r\n`);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

test('a name of a capture leads nowhere but to a file of the folder', async () => {
  const get = (path: string): Promise<string> => raw(`GET ${path} HTTP/1.1`, 'host: 127.0.0.1', `cookie: ${cookie}`);
  assert.match(await get(`${API}/captures/good.wsp`), /^HTTP\/1\.1 200 .*"kind":"capture"/s);
  const elsewhere = [
    '../outside.wsp',
    '..%2foutside.wsp',
    '..%2Foutside.wsp',
    '%2e%2e%2foutside.wsp',
    '%2e%2e/outside.wsp',
    'x%2f..%2f..%2foutside.wsp',
    '..%252foutside.wsp',
    '..%5coutside.wsp',
    encodeURIComponent(folder.file('outside.wsp')),
    '.hidden.wsp',
    'inner.wsp%2fdeep.wsp',
    'inner.wsp/deep.wsp',
    'good.wsp%00.wsp',
    '%00good.wsp',
    'good.wsp%00',
    '%ff%fe.wsp',
    '%',
    `${'x'.repeat(5_000)}.wsp`,
    '__proto__',
  ];
  const origin = agent.origin;
  for (const name of elsewhere) {
    assert.match(await get(`${API}/captures/${name}`), /^HTTP\/1\.1 404 /, name);
    const tried = await raw(
      `POST ${API}/captures/${name}/rule HTTP/1.1`,
      ...[`host: ${new URL(origin).host}`, `origin: ${origin}`, `cookie: ${cookie}`, 'content-length: 0'],
    );
    assert.match(tried, /^HTTP\/1\.1 40[45] /, name);
  }
  // One that is a folder is there, and is no capture.
  assert.match(await get(`${API}/captures/inner.wsp`), /"kind":"none"/);
});

test('a request has one host, and its path is not that of a proxy', async () => {
  const twice = await raw(
    `GET ${API}/status HTTP/1.1`,
    'host: attacker.example',
    'host: 127.0.0.1',
    `cookie: ${cookie}`,
  );
  assert.match(twice, /^HTTP\/1\.1 40[03] |^$/);
  assert.match(await raw(`GET ${API}/status HTTP/1.1`, `cookie: ${cookie}`), /^HTTP\/1\.1 400 /);
  const path = `GET http://attacker.example${API}/status HTTP/1.1`;
  assert.match(await raw(path, 'host: 127.0.0.1', `cookie: ${cookie}`), /^HTTP\/1\.1 404 /);
});

test('a cookie that another service has set for this host does not take the place of the session', async () => {
  const [name = ''] = cookie.split('=', 1);
  for (const cookies of [`${name}=evil; ${cookie}`, `${cookie}; ${name}=evil`, `a=b; ${name}; ${cookie}`]) {
    const answer = await raw(`GET ${API}/session HTTP/1.1`, 'host: 127.0.0.1', `cookie: ${cookies}`);
    assert.match(answer, /^HTTP\/1\.1 204 /, cookies);
  }
  const evil = await raw(`GET ${API}/session HTTP/1.1`, 'host: 127.0.0.1', `cookie: ${name}=evil`);
  assert.match(evil, /^HTTP\/1\.1 401 /);
});

/** Sends a byte every half second; resolves with how long the connection was open, in ms. */
async function dribbled(head: string): Promise<number> {
  const began = performance.now();
  const socket = connect(portOf(agent), '127.0.0.1');
  socket.on('error', () => {});
  socket.write(head);
  const timer = setInterval(() => socket.write('x'), 500);
  socket.resume();
  await new Promise((resolve) => socket.once('close', resolve));
  clearInterval(timer);
  return performance.now() - began;
}

test('requests that come byte by byte are cut off, and others are answered meanwhile', async () => {
  const heads = [
    'GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ',
    'POST /session HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 900\r\n\r\n',
    `POST ${API}/captures/good.wsp/rule HTTP/1.1\r\nhost: 127.0.0.1\r\norigin: http://127.0.0.1\r\ncookie: ${cookie}\r\ncontent-length: 900\r\n\r\n`,
  ];
  // More than there may be connections.
  const slow = Promise.all(Array.from({ length: 40 }, (_, index) => dribbled(heads[index % heads.length] ?? '')));
  assert.equal((await fetch(agent.origin)).status, 200);
  const longest = Math.max(...(await slow));
  assert.ok(longest < 10_000, `${longest} ms`);
});

/** What of a response a stream uses; its reader has read `read` bytes. */
class UnreadResponse extends EventEmitter {
  written = 0;
  read = 0;
  isDestroyed = false;
  get writableLength(): number {
    return this.written - this.read;
  }
  writeHead(): this {
    return this;
  }
  write(chunk: string): boolean {
    this.written += Buffer.byteLength(chunk);
    return false;
  }
  end(): void {
    this.emit('close');
  }
  destroy(): void {
    this.isDestroyed = true;
    this.emit('close');
  }
}

test('a window that reads nothing has a bounded rest, and is ended', (t) => {
  let now = 1_000;
  t.mock.timers.enable({ apis: ['setInterval'] });
  t.mock.method(performance, 'now', () => now);
  const board = new AlertBoard();
  const streams = new BoardStreams(board);
  const response = new UnreadResponse();
  const request = { headers: {} } as IncomingMessage;
  assert.equal(
    streams.add('peer', request, response as unknown as ServerResponse, () => true),
    true,
  );
  let largest = 0;
  for (let round = 0; round < 100 && !response.isDestroyed; round++) {
    for (let pod = 0; pod < 300; pod++) {
      const fields = [{ key: 'k8s.pod.name', value: text(`pod-${pod}`) }];
      const alert = { rule: 'Shell', priority: 'Warning', source: 'syscall', tags: [], hostname: 'node' } as const;
      board.write({ ...alert, time: BigInt(Date.now()) * 1_000_000n, message: 'x'.repeat(1_000), fields });
    }
    now += 500;
    t.mock.timers.tick(500);
    largest = Math.max(largest, response.writableLength);
  }
  // What may be unread, and one message.
  assert.ok(largest > 256 * 1024 && largest < 600 * 1024, `${largest} bytes`);
  assert.equal(response.isDestroyed, true);
  assert.ok(now < 1_000 + 40_000, `${now}`);
  assert.equal(streams.has('peer'), false);
});
