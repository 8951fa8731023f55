// `allow` of isolate_container: what is read as what, and how the programs get it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeReachable, readAllowed } from '../../../host/responses/isolation/reachable.ts';
import { REACHABLE_MOST } from '../../../host/schema/reachable.ts';

function network(text: string): string | undefined {
  const read = readAllowed(text);
  if (read === undefined || typeof read === 'string') return read;
  const { address, bits, port } = read;
  return `${[...address].join('.')}/${bits}${port === undefined ? '' : `:${port}`}`;
}

test('addresses, networks and ports', () => {
  for (const [text, expected] of [
    ['dns', 'dns'],
    ['kubernetes', 'kubernetes'],
    ['10.1.2.3', '10.1.2.3/32'],
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['10.1.2.3:443', '10.1.2.3/32:443'],
    ['10.0.0.0/8:5432', '10.0.0.0/8:5432'],
    ['fd00::/8', '253.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0/8'],
    ['::1', '0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1/128'],
    ['[fd00::1]:443', '253.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1/128:443'],
    ['[fd00::/16]:443', '253.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0/16:443'],
    ['[fd00::1]', '253.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1/128'],
  ] as const)
    assert.equal(network(text), expected, text);
});

test('anything else is invalid', () => {
  for (const text of [
    ...['', 'DNS', 'example.com', '10.1.2', '10.1.2.3/33', '10.1.2.3/', '10.1.2.3/8/8', '10.1.2.3:0', '10.1.2.3:65536'],
    ...[
      '10.1.2.3:',
      '10.1.2.3:http',
      'fd00::/129',
      '[fd00::1',
      'fd00::1]',
      '[10.1.2.3]x',
      '[]:443',
      'fe80::1%eth0',
      ' 10.1.2.3',
    ],
  ])
    assert.equal(network(text), undefined, text);
});

test('an entry has the network in IPv6, its mask and its ports', () => {
  const networks = ['10.255.0.0/9:443', 'fd00:ffff::/17'].map((text) => {
    const read = readAllowed(text);
    assert.ok(read !== undefined && typeof read !== 'string');
    return read;
  });
  const bytes = Buffer.from(encodeReachable(networks));
  const ports = (entry: number) =>
    new Uint32Array(Uint8Array.from(bytes.subarray(entry * 40 + 32, entry * 40 + 40)).buffer);
  assert.equal(bytes.length, 80);
  assert.equal(bytes.toString('hex', 0, 16), '00000000000000000000ffff0a800000');
  assert.equal(bytes.toString('hex', 16, 32), 'ffffffffffffffffffffffffff800000');
  assert.deepEqual([...ports(0)], [443, 443]);
  assert.equal(bytes.toString('hex', 40, 56), 'fd00800000000000'.padEnd(32, '0'));
  assert.equal(bytes.toString('hex', 56, 72), 'ffff8'.padEnd(32, '0'));
  assert.deepEqual([...ports(1)], [0, 65536]);
});

test('more entries than the programs have room for are an error', () => {
  const one = readAllowed('10.0.0.1');
  assert.ok(one !== undefined && typeof one !== 'string');
  assert.equal(encodeReachable(new Array(REACHABLE_MOST).fill(one)).length, REACHABLE_MOST * 40);
  assert.throws(() => encodeReachable(new Array(REACHABLE_MOST + 1).fill(one)), RangeError);
});
