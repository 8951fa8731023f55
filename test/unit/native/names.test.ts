// fd.name of what is not a path: sockets, memfds, pipes; and of descriptors whose path the kernel gives.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StructInput } from '../../../host/schema/encode-struct.ts';
import { BuilderCapture } from '../../support/records/builder-capture.ts';
import { text } from '../../support/records/records.ts';

const CLIENT = 1;
const SERVER = 2;

function v4(address: string): Uint8Array {
  return Uint8Array.from([...address.split('.').map(Number), ...Array(12).fill(0)]);
}

function v6(...groups: number[]): Uint8Array {
  return Uint8Array.from(
    [...Array(8 - groups.length).fill(0), ...groups].flatMap((group) => [group >> 8, group & 255]),
  );
}

function pointer(value: bigint): Uint8Array {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}

function kind(char: string): number {
  return char.charCodeAt(0);
}

const LOCAL = { local_address: v4('10.0.0.5'), local_port: 40_000 };
const REMOTE = { remote_address: v4('93.184.216.34'), remote_port: 443 };
const UNIX = {
  kind: kind('u'),
  local_address: pointer(0xffff888100abcdefn),
  remote_address: pointer(0xffff888100000010n),
};

const CASES: readonly [string, string, StructInput, string | undefined][] = [
  ['a client', 'connect', { kind: kind('4'), role: CLIENT, ...LOCAL, ...REMOTE }, '10.0.0.5:40000->93.184.216.34:443'],
  ['a server', 'accept4', { kind: kind('4'), role: SERVER, ...LOCAL, ...REMOTE }, '93.184.216.34:443->10.0.0.5:40000'],
  ['no role yet, but a peer', 'sendto', { kind: kind('4'), ...LOCAL, ...REMOTE }, '10.0.0.5:40000->93.184.216.34:443'],
  ['a listener', 'listen', { kind: kind('4'), role: SERVER, ...LOCAL }, '10.0.0.5:40000'],
  ['a fresh socket', 'socket', { kind: kind('4') }, ''],
  ['a failed socket', 'socket', { kind: 0 }, undefined],
  [
    'a port of 0 at the own end',
    'connect',
    { kind: kind('4'), role: CLIENT, ...REMOTE },
    '0.0.0.0:0->93.184.216.34:443',
  ],
  [
    'IPv6',
    'connect',
    {
      kind: kind('6'),
      role: CLIENT,
      local_address: v6(1),
      local_port: 1,
      remote_address: v6(0x2001, 0xdb8, 0, 0, 0, 0, 0, 8),
      remote_port: 65_535,
    },
    '::1:1->2001:db8::8:65535',
  ],
  [
    'IPv4 in IPv6',
    'accept',
    {
      kind: kind('6'),
      role: SERVER,
      local_address: v6(0xffff, 0x7f00, 1),
      local_port: 80,
      remote_address: v6(0xffff, 0x0a00, 2),
      remote_port: 9,
    },
    '10.0.0.2:9->127.0.0.1:80',
  ],
  ['IPv6, any address', 'bind', { kind: kind('6'), role: SERVER, local_port: 53 }, ':::53'],
  [
    'a unix socket',
    'connect',
    { ...UNIX, passed_path: '/run/x.sock' },
    'ffff888100abcdef->ffff888100000010 /run/x.sock',
  ],
  [
    'an abstract unix socket',
    'connect',
    { ...UNIX, passed_path: '\0name' },
    'ffff888100abcdef->ffff888100000010 @name',
  ],
  ['a unix socket without a path', 'socket', { kind: kind('u') }, ''],
  ['netlink', 'socket', { kind: kind('n') }, ''],
  [
    'a duplicated socket',
    'dup2',
    { kind: kind('4'), role: CLIENT, ...LOCAL, ...REMOTE },
    '10.0.0.5:40000->93.184.216.34:443',
  ],
  ['a duplicated file', 'dup3', { kind: kind('f'), resolved: '/etc/hosts' }, '/etc/hosts'],
  ['a duplicated pipe', 'dup', { kind: kind('p') }, ''],
  ['a duplicated memfd', 'dup', { kind: kind('m'), resolved: '/memfd:a b (deleted)' }, 'a b'],
  ['a memfd as BPF names it', 'dup', { kind: kind('m'), resolved: 'memfd:payload' }, 'payload'],
  ['memfd_create', 'memfd_create', { kind: kind('m'), text: 'payload' }, 'payload'],
  ['memfd_create of no name', 'memfd_create', { kind: kind('m'), text: '' }, ''],
  ['setns on nothing', 'setns', { kind: 0 }, undefined],
];

for (const [what, type, input, expected] of CASES) {
  test(`${what}: ${expected}`, () => {
    using builder = new BuilderCapture();
    assert.equal(text(builder.one(type, input), 'name'), expected);
  });
}

test('a unix path of 108 bytes, and one longer than the kernel allows', () => {
  using builder = new BuilderCapture();
  for (const length of [108, 4095]) {
    const name = text(builder.one('bind', { ...UNIX, passed_path: 'p'.repeat(length) }), 'name');
    assert.equal(name, `ffff888100abcdef->ffff888100000010 ${'p'.repeat(length)}`);
  }
});
