// Messages of syslog as they go out, and what the network does to them.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, { mkdtempSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadAddon } from '../../../host/capture/addon.ts';
import { type Alert, DEFAULT_FORMAT } from '../../../host/outputs/alert.ts';
import type { Facility } from '../../../host/outputs/syslog/facilities.ts';
import { syslogMessage } from '../../../host/outputs/syslog/message.ts';
import { syslogOutput } from '../../../host/outputs/syslog/output.ts';
import { parsePlace } from '../../../host/outputs/syslog/place.ts';

process.env.TZ = 'Europe/Berlin';

function alert(message: string, more: Partial<Alert> = {}): Alert {
  const time = 1793700788365763965n;
  return { time, rule: 'R', priority: 'Error', source: 'x', tags: [], hostname: 'h', message, fields: [], ...more };
}

const OPTIONS = { facility: 'user', ident: 'wasprey', json: false, alertFormat: DEFAULT_FORMAT } as const;

describe('messages of syslog', () => {
  const message = (format: 'rfc5424' | 'rfc3164', facility: Facility, more: Partial<Alert> = {}) =>
    // A small PID also occurs in the priority or the time.
    String(syslogMessage(alert('m', more), 'line', { format, facility, ident: 'wasprey' })).replace(
      new RegExp(`(wasprey[ [])${process.pid}\\b`),
      '$1PID',
    );

  it('have facility, severity, time and name in either form', () => {
    assert.equal(message('rfc5424', 'user'), '<11>1 2026-11-03T10:13:08.365763Z h wasprey PID - - line');
    assert.equal(message('rfc3164', 'local7', { priority: 'Emergency' }), '<184>Nov  3 11:13:08 wasprey[PID]: line');
    assert.match(message('rfc5424', 'authpriv', { priority: 'Debug' }), /^<87>1 /);
  });

  it('have no host name that would be two words, or none', () => {
    assert.match(message('rfc5424', 'user', { hostname: 'a b\n\u00e4' }), /Z ab wasprey/);
    assert.match(message('rfc5424', 'user', { hostname: '\u00e4' }), /Z - wasprey/);
  });
});

it('places of a daemon', () => {
  assert.deepEqual(parsePlace('/dev/log'), { kind: 'unix', path: '/dev/log' });
  assert.deepEqual(parsePlace('udp://log.example'), { kind: 'udp', host: 'log.example', port: 514 });
  assert.deepEqual(parsePlace('tcp://[::1]:6514'), { kind: 'tcp', host: '::1', port: 6514 });
  for (const text of ['', 'log', 'http://a', 'udp://', 'tcp://a:0', 'tcp://a:65536', 'tcp://a:b', 'udp://a/b'])
    assert.equal(parsePlace(text), undefined, text);
});

it('a socket that is not there, or can not be, is an error with its reason', () => {
  for (const [path, detail] of [
    ['/nowhere/log', /ENOENT/],
    [`/${'x'.repeat(200)}`, /ENAMETOOLONG/],
    ['', /ENAMETOOLONG/],
  ] as const) {
    assert.throws(
      () => loadAddon().connectUnixDatagram(path),
      (error: Error & { code?: string; detail?: string }) => {
        assert.equal(error.code, 'SOCKET_CONNECT');
        assert.match(error.detail ?? '', detail);
        return true;
      },
    );
  }
});

it('a receiver that takes nothing fills the queue and no more', async () => {
  const server = createServer((socket) => socket.pause()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const place = { kind: 'tcp', host: '127.0.0.1', port: (server.address() as AddressInfo).port } as const;
  const output = syslogOutput(place, { ...OPTIONS, format: 'rfc5424', capacity: 20, onError: () => {} });
  const deadline = performance.now() + 20_000;
  let sent = 0;
  while (output.counters.dropped === 0) {
    assert.ok(performance.now() < deadline, 'nothing was dropped');
    output.write(alert('x'.repeat(50_000)));
    sent++;
    if (sent % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.equal(output.counters.queued, 20);
  const began = performance.now();
  await output.close(100);
  assert.ok(performance.now() - began < 10_000);
  const { written, dropped, queued } = output.counters;
  assert.deepEqual([written + dropped, queued], [sent, 0]);
  server.close();
});

it('a name that leads nowhere is reported as that', async (t) => {
  const told: string[] = [];
  const place = { kind: 'udp', host: 'nowhere.invalid', port: 514 } as const;
  const onError = (error: Error) => told.push(error.message);
  const output = syslogOutput(place, { ...OPTIONS, format: 'rfc5424', onError });
  t.after(() => output.close(0));
  output.write(alert('x'));
  const deadline = performance.now() + 20_000;
  while (told.length === 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.match(told[0] ?? '', /nowhere\.invalid/);
  await output.close(10);
  assert.deepEqual(output.counters.dropped, 1);
});

it('a daemon that hangs is given up by closing its socket once', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-syslog-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'log');
  // A socket whose owner reads nothing: a few datagrams fill it.
  const script =
    '$| = 1; socket(S, AF_UNIX, SOCK_DGRAM, 0) or die; bind(S, sockaddr_un($ARGV[0])) or die; print "up\\n"; sleep';
  const daemon = spawn('perl', ['-MSocket', '-e', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => daemon.kill('SIGKILL'));
  await once(daemon.stdout, 'data');
  const output = syslogOutput({ kind: 'unix', path }, { ...OPTIONS, format: 'rfc3164', onError: () => {} });
  while (output.counters.queued === 0 || output.counters.written === 0) {
    output.write(alert('x'));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const closed = t.mock.method(fs, 'close');
  syncBuiltinESMExports();
  await output.close(50);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(closed.mock.callCount(), 1);
});
