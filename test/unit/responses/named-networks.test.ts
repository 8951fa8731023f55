// The names in `allow` of isolate_container.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networksOf, serversIn } from '../../../host/responses/isolation/named-networks.ts';

const shown = (networks: Awaited<ReturnType<typeof networksOf>>): string[] =>
  networks.map(({ address, bits, port }) => `${address.join('.')}/${bits}:${port}`);

test('name servers in a resolv.conf', () => {
  const text =
    '# nameserver 9.9.9.9\nsearch a.b\nnameserver 10.96.0.10\n nameserver\tfd00::53%eth0 # x\nnameserver\nxnameserver 1.1.1.1\n';
  assert.deepEqual(serversIn(text), ['10.96.0.10', 'fd00::53']);
});

test('dns: each at port 53 alone, no name server of the host itself', async () => {
  const networks = shown(await networksOf(['dns'], undefined));
  assert.ok(networks.includes('127.0.0.11/32:53'));
  assert.ok(networks.every((network) => network.endsWith(':53')));
  assert.ok(!networks.includes('127.0.0.53/32:53') && !networks.includes('127.0.0.1/32:53'));
});

test('kubernetes: the address and port of the API server', async () => {
  assert.deepEqual(shown(await networksOf(['kubernetes'], new URL('https://10.96.0.1'))), ['10.96.0.1/32:443']);
  const v6 = await networksOf(['kubernetes'], new URL('https://[fd00::1]:6443'));
  assert.deepEqual(shown(v6), ['253.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1/128:6443']);
  await assert.rejects(networksOf(['kubernetes'], undefined), /allow: kubernetes: the agent knows no API server/);
});

test('an entry that is neither a name nor a network is an error', async () => {
  await assert.rejects(networksOf(['10.0.0.0/8', 'example.com'], undefined), /example\.com is neither/);
});
