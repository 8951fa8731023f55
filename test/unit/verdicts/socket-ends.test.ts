// Checks that mean either end of a connection: the verdict on what was read of an event is the compiled module's, of sockets of every role,
// with a peer and without one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseTemplate } from '../../../host/compiler/conditions/template.ts';
import { readCompared, readField } from '../../../host/fields/read.ts';
import { renderMessage } from '../../../host/outputs/message.ts';
import { DESCRIPTOR_ROLE } from '../../../host/schema/event-structs.ts';
import { resolveField } from '../../../host/schema/fields/index.ts';
import { ModuleVerdicts } from '../../support/records/module-verdicts.ts';
import { RecordMemory } from '../../support/records/records.ts';

const SEED = Number(process.env.WASPREY_TEST_SEED ?? 20_26);
const EVENTS = 100;

const v4 = (...bytes: readonly number[]): Uint8Array => Uint8Array.from([...bytes, ...new Array<number>(12).fill(0)]);
const [IPV4, IPV4_PEER] = [v4(10, 0, 0, 1), v4(1, 2, 3, 4)];
const IPV6 = Uint8Array.from([0xfe, 0x80, ...new Array<number>(13).fill(0), 9]);
const IPV6_PEER = Uint8Array.from([...new Array<number>(15).fill(0), 1]);

const CONSTANTS: Readonly<Record<string, readonly string[]>> = {
  'fd.ip': ['"10.0.0.1"', '"1.2.3.4"', '"0.0.0.0"', '"fe80::9"', '"::1"', '"::"'],
  'fd.net': ['"10.0.0.0/8"', '"1.0.0.0/8"', '"0.0.0.0/0"', '"fe80::/16"', '"::1/128"', '"::/1"'],
  'fd.port': ['40000', '443', '0', '80'],
  'fd.proto': ['40000', 'https', '0', 'http'],
};

/** Every operator with each constant, with pairs of them, and with a modifier. */
const CONDITIONS = Object.entries(CONSTANTS).flatMap(([field, constants]) => {
  const single = /port|proto/.test(field) ? ['=', '!=', '<', '>='] : ['=', '!='];
  const others = field === 'fd.ip' ? ['fd.cip', 'fd.rip'] : field === 'fd.port' ? ['fd.sport', 'fd.lport'] : [];
  const lists = constants.map((constant, index) => `(${constant}, ${constants.at(index - 1)})`);
  return [
    `${field} exists`,
    `not ${field} exists`,
    ...others.flatMap((other) => [`${field} = val(${other})`, `${field} != val(${other})`]),
    ...constants.flatMap((constant) => single.map((operator) => `${field} ${operator} ${constant}`)),
    ...constants.map((constant) => `not ${field} = ${constant}`),
    ...['in', 'intersects', '= oneof', '!= allof', '!= anyof'].flatMap((operator) =>
      lists.map((list) => `${field} ${operator} ${list}`),
    ),
  ].filter((condition) => !/[<>]=? (http|https)$/.test(condition));
});

const address = fc.boolean().chain((v6) =>
  fc.record({
    kind: fc.constantFrom(...(v6 ? '6666uf' : '4444u\0')).map((character) => character.charCodeAt(0)),
    local_address: fc.constantFrom(new Uint8Array(16), v6 ? IPV6 : IPV4),
    remote_address: fc.constantFrom(new Uint8Array(16), v6 ? IPV6_PEER : IPV4_PEER),
  }),
);
const socket = fc
  .record({
    address,
    role: fc.constantFrom(...Object.values(DESCRIPTOR_ROLE)),
    local_port: fc.constantFrom(0, 40000),
    remote_port: fc.constantFrom(0, 443),
  })
  .map(({ address: addresses, ...rest }) => ({ ...addresses, ...rest }));

test(`checks of either end are true where the module's are (seed ${SEED})`, async () => {
  const verdicts = await ModuleVerdicts.of(CONDITIONS);
  let matches = 0;
  for (const type of ['connect', 'accept4', 'recvfrom', 'openat']) {
    for (const members of fc.sample(socket, { numRuns: EVENTS, seed: SEED })) {
      const { module, page } = verdicts.on(type, members);
      assert.deepEqual(page, module, `${type} ${JSON.stringify(members)}`);
      matches += Object.values(module).filter((verdict) => verdict === 'true').length;
    }
  }
  assert.ok(matches > (CONDITIONS.length * EVENTS) / 2, `${matches} matches`);
});

test('both ends of a socket without a role are compared, and shown', async () => {
  const conditions = ['fd.ip = "1.2.3.4"', 'fd.port = 443', 'fd.ip exists', 'fd.net = "10.0.0.0/8"', 'fd.port = 80'];
  const verdicts = await ModuleVerdicts.of(conditions);
  const socketMembers = { kind: '4'.charCodeAt(0), role: DESCRIPTOR_ROLE.NONE, local_port: 40000 };
  const connected = { ...socketMembers, local_address: IPV4, remote_address: IPV4_PEER, remote_port: 443 };
  const { module, page, values } = verdicts.on('connect', connected);
  assert.deepEqual(Object.values(page), ['true', 'true', 'true', 'true', 'false']);
  assert.deepEqual(page, module);
  assert.deepEqual(values, ['10.0.0.1 1.2.3.4', '40000 443', '10.0.0.1 1.2.3.4', '10.0.0.1 1.2.3.4', '40000 443']);
  const alone = verdicts.on('connect', { ...socketMembers, local_address: IPV4 });
  assert.deepEqual(Object.values(alone.page), ['false', 'false', 'true', 'true', 'false']);
  assert.deepEqual(alone.page, alone.module);
});

test('outputs print neither end of fields that mean both', () => {
  const records = new RecordMemory();
  const event = records.event('connect', records.image({}), {
    ...{ kind: '4'.charCodeAt(0), role: DESCRIPTOR_ROLE.CLIENT, local_port: 4000, remote_port: 443 },
    ...{ local_address: IPV4, remote_address: IPV4_PEER },
  });
  const keys = ['fd.ip', 'fd.port', 'fd.net', 'fd.proto'];
  const values = keys.map((key) => {
    const found = resolveField(key);
    assert.ok(found.ok, key);
    const context = { sessionStart: 0n, hostname: 'test', isoTime: false, isLive: false };
    assert.equal(readCompared(event, found.field, found.argument, context)?.kind, 'ends', key);
    return { key, value: readField(event, found.field, found.argument, context) };
  });
  const template = parseTemplate(keys.map((key) => `%${key}`).join(' '));
  assert.equal(renderMessage(template, values), '<NA> <NA> <NA> <NA>');
});
