// What the kernel decides by the tables of enforced rules is what the rules say, exactly: its code, compiled for the tests, against a plain
// reading of the rules, on random rules and calls.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { enforcementTables } from '../../../host/capture/enforcement-tables.ts';
import { findEventType } from '../../../host/schema/events/index.ts';
import {
  EXACT_PROCESSES,
  type ExactClause,
  type ExactName,
  type ExactPeer,
  type ExactText,
} from '../../../host/schema/kernel-enforcement.ts';
import { OPEN_COMBINATIONS, OPENED, openFacts, SOCKET_KINDS } from '../../../host/schema/kernel-filter.ts';
import { RAILS } from '../../support/records/enforcement-rails.ts';
import { type EnforcedFacts, testAddon } from '../../support/records/test-addon.ts';

const PROTECTED = 1n << 63n;
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
/** Few letters, so that names meet tests; a byte that is in none. */
const component = fc.string({ unit: fc.constantFrom('a', 'b', '.', 'é', '\u00ff'), minLength: 0, maxLength: 4 });
const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const path = fc.array(component, { minLength: 1, maxLength: 3 }).map((parts) => bytes(`/${parts.join('/')}`));
const part = fc.oneof(
  path,
  component.map(bytes),
  fc.constant(''),
  path.map((text) => text.slice(2)),
);
const texts = fc.array(part, { maxLength: 2 });

const nameTest = (of: readonly ExactText[]): fc.Arbitrary<ExactName> =>
  fc
    .record({ of: fc.constantFrom(...of), not: fc.boolean(), equal: texts, beginnings: texts, endings: texts })
    .map(({ not, ...test }) => ({ ...test, ...(not && { not }) }));

const address = fc.oneof(
  fc.tuple(fc.constantFrom(10, 127), fc.constantFrom(0, 1), fc.constant(0), fc.nat(3)).map((list) => [...list]),
  fc
    .tuple(fc.constantFrom(0xfe, 0), fc.constantFrom(0x80, 0), fc.nat(2))
    .map(([a, b, last]) => [a, b, ...new Array<number>(13).fill(0), last]),
);
const port = fc.constantFrom(0, 1, 53, 443, 65_535);
const network = address.chain((base) => fc.nat(base.length * 8).map((bits) => ({ address: base, bits })));
const peerTest: fc.Arbitrary<ExactPeer> = fc
  .tuple(
    fc.boolean(),
    fc.oneof(
      fc.array(network, { minLength: 1, maxLength: 3 }).map((networks) => ({ networks })),
      fc
        .array(
          fc.tuple(port, port).map(([from, to]) => ({ from, to })),
          { minLength: 1, maxLength: 2 },
        )
        .map((ports) => ({ ports })),
    ),
  )
  .map(([not, test]) => ({ ...test, ...(not && { not: true as const }) }));

const process = fc.constantFrom(...EXACT_PROCESSES);
const opens = fc
  .array(fc.constantFrom(...'0123456789abcdef'), { minLength: OPEN_COMBINATIONS / 4, maxLength: OPEN_COMBINATIONS / 4 })
  .map((digits) => digits.join(''));
const openClause = fc.record(
  {
    types: fc.subarray(['open', 'openat', 'creat'], { minLength: 1 }),
    process,
    opens,
    names: fc.array(nameTest(['path', 'directory', 'resolved']), { maxLength: 3 }),
  },
  { requiredKeys: ['types', 'process'] },
);
const execClause = fc.record(
  { types: fc.constant(['execve']), process, names: fc.array(nameTest(['executable', 'name']), { maxLength: 3 }) },
  { requiredKeys: ['types', 'process'] },
);
const socketClause = fc.record(
  {
    types: fc.constant(['connect']),
    process,
    result: fc.constantFrom('succeeded' as const, 'failed' as const),
    sockets: fc.subarray(['ipv4' as const, 'ipv6' as const], { minLength: 1 }),
    peers: fc.array(peerTest, { maxLength: 3 }),
  },
  { requiredKeys: ['types', 'process'] },
);
const clauses = fc.array(fc.oneof(openClause, execClause, socketClause), { minLength: 1, maxLength: 6 });

interface Call {
  readonly type: string;
  readonly failed: boolean;
  readonly combination: number;
  readonly where: 'container' | 'host' | undefined;
  readonly candidates: bigint;
  readonly path: string;
  readonly resolved: string;
  readonly executable: string;
  readonly name: string;
  readonly address: number[];
  readonly port: number;
}

const call: fc.Arbitrary<Call> = fc.record({
  type: fc.constantFrom('open', 'openat', 'creat', 'execve', 'connect'),
  failed: fc.boolean(),
  combination: fc.nat(OPEN_COMBINATIONS - 1),
  where: fc.constantFrom('container', 'host', undefined),
  candidates: fc.bigInt({ min: 0n, max: 63n }),
  path,
  resolved: path,
  executable: path,
  name: component.map(bytes),
  address,
  port,
});

function isOpen({ type }: Call): boolean {
  return ['open', 'openat', 'creat'].includes(type);
}

function textOf(of: ExactText, event: Call): string | undefined {
  if (of === 'directory' && openFacts(event.combination).opened !== OPENED.directory)
    return event.path.slice(0, Math.max(1, event.path.lastIndexOf('/')));
  return of === 'directory' ? event.path : event[of];
}

function bitsOf(list: readonly number[], bits: number): string {
  return list
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
    .slice(0, bits);
}

function meets(clause: ExactClause, index: number, event: Call): boolean {
  const { types, result, opens: bits, sockets, names = [], peers = [], process: where } = clause;
  const isIpv4 = event.address.length === 4;
  const hasPeer = event.port !== 0 || event.address.some((byte) => byte !== 0);
  return (
    types.includes(event.type) &&
    (result === undefined || (result === 'failed') === event.failed) &&
    (bits === undefined || ((BigInt(`0x${bits}`) >> BigInt(event.combination)) & 1n) === 1n) &&
    (sockets === undefined || sockets.includes(isIpv4 ? 'ipv4' : 'ipv6')) &&
    (where === 'any' ||
      where === event.where ||
      (where === 'candidate' && ((event.candidates >> BigInt(index)) & 1n) === 1n)) &&
    names.every(({ of, not, equal, beginnings, endings }) => {
      const text = textOf(of, event) ?? '';
      const holds =
        equal.includes(text) ||
        beginnings.some((one) => text.startsWith(one)) ||
        endings.some((one) => text.endsWith(one));
      return holds !== (not === true);
    }) &&
    peers.every(({ not, networks, ports }) => {
      const inPorts = ports?.some(({ from, to }) => event.port >= from && event.port <= to) ?? false;
      const inNetworks =
        networks?.some(
          (one) =>
            one.address.length === event.address.length &&
            bitsOf(one.address, one.bits) === bitsOf(event.address, one.bits),
        ) ?? false;
      return (hasPeer && (inPorts || inNetworks)) !== (not === true);
    })
  );
}

function factsOf(event: Call): EnforcedFacts {
  const isIpv4 = event.address.length === 4;
  const { opened } = openFacts(event.combination);
  return {
    type: findEventType(event.type)?.number ?? 0,
    failed: Number(event.failed),
    combination: event.combination,
    isDirectory: Number(opened === OPENED.directory),
    socket: SOCKET_KINDS.indexOf(event.type === 'connect' && !isIpv4 ? 'ipv6' : 'ipv4'),
    where: event.where === 'container' ? 1 : event.where === 'host' ? 2 : 0,
    candidates: event.candidates,
    ...(isOpen(event) && { path: latin(event.path), resolved: latin(event.resolved) }),
    ...(event.type === 'execve' && { executable: latin(event.executable), name: latin(event.name) }),
    ...(event.type === 'connect' && {
      peer: Uint8Array.from(isIpv4 ? [...MAPPED, ...event.address] : event.address),
      port: event.port,
      isIpv4: Number(isIpv4),
    }),
  };
}

function latin(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

/** Facts of other families do not matter to a clause, and so the kernel is not given them. */
test('The kernel finds exactly the clauses that a call meets', () => {
  let met = 0;
  fc.assert(
    fc.property(clauses, fc.array(call, { minLength: 20, maxLength: 20 }), (list, calls) => {
      const made = enforcementTables([{ exact: { rule: 0, clauses: list }, action: 'kill_process' }], RAILS);
      assert.ok(made.ok);
      for (const event of calls) {
        const shown = isOpen(event) ? event : { ...event, combination: 0 };
        const usual = list.map((clause, index) =>
          meetsFamily(clause, event) && meets(clause, index, shown) ? 1n << BigInt(index) : 0n,
        );
        const expected = usual.reduce((sum, bit) => sum | bit, 0n);
        if (expected !== 0n) met++;
        assert.equal(testAddon.enforcedClauses(made.tables.bytes, factsOf(shown)), expected, JSON.stringify(list));
      }
    }),
    { numRuns: 300, seed: 2026, endOnFailure: true },
  );
  assert.ok(met > 300, `only ${met} calls met a clause`);
});

function meetsFamily({ types }: ExactClause, { type }: Call): boolean {
  return types.includes(type);
}

/** Found by the test above with seed 161616. */
test('A clause that contradicts itself is met by no call', () => {
  const name: ExactName = { of: 'path', equal: ['/a'], beginnings: [], endings: [] };
  const peer: ExactPeer = { ports: [{ from: 9, to: 9 }] };
  const contradictions: ExactClause[] = [
    { types: ['open'], process: 'any', names: [name, { ...name, not: true }] },
    { types: ['connect'], process: 'any', peers: [peer, { ...peer, not: true }] },
  ];
  const made = enforcementTables([{ exact: { rule: 0, clauses: contradictions }, action: 'kill_process' }], RAILS);
  assert.ok(made.ok);
  const facts = { failed: 0, combination: 0, isDirectory: 0, socket: 0, where: 0, candidates: 0n };
  const open = { ...facts, type: findEventType('open')?.number ?? 0, path: latin('/a') };
  const peerFacts = { peer: Uint8Array.from([...MAPPED, 127, 0, 0, 1]), port: 9, isIpv4: 1 };
  const connect = { ...facts, type: findEventType('connect')?.number ?? 0, ...peerFacts };
  for (const event of [open, connect]) assert.equal(testAddon.enforcedClauses(made.tables.bytes, event), 0n);
});

test('A beginning is found wherever parts of it come before', () => {
  const name = (beginnings: readonly string[]): ExactClause => ({
    types: ['open'],
    process: 'any',
    names: [{ of: 'path', equal: [], beginnings, endings: [] }],
  });
  const made = enforcementTables(
    [{ exact: { rule: 0, clauses: [name(['/aab']), name(['/a', 'aab']), name([''])] }, action: 'deny' }],
    { ...RAILS, lackOfLsm: undefined },
  );
  assert.ok(made.ok);
  const base = { type: findEventType('open')?.number ?? 0, failed: 0, combination: 0, isDirectory: 0 };
  const met = (path: string): bigint =>
    testAddon.enforcedClauses(made.tables.bytes, { ...base, socket: 0, where: 0, candidates: 0n, path: latin(path) });
  assert.equal(met('/aab'), 7n);
  assert.equal(met('/aaab'), 6n);
  assert.equal(met('/aabaab/aab'), 7n);
  assert.equal(met('/x/aab'), 4n);
  assert.equal(met('aab'), 6n);
  assert.equal(met('\u00ff/aab'), 4n);
});

test('Executables that are never acted on are found by path, or by the name of the file', () => {
  const rails = { ...RAILS, executables: ['/usr/bin/kubelet', 'containerd', 'memfd:runc'] };
  const made = enforcementTables([], rails);
  assert.ok(made.ok);
  const isProtected = (running: string): boolean => {
    const facts = { type: 0, failed: 0, combination: 0, isDirectory: 0, socket: 0, where: 0, candidates: 0n };
    return testAddon.enforcedClauses(made.tables.bytes, { ...facts, running: latin(running) }) === PROTECTED;
  };
  for (const path of ['/usr/bin/kubelet', '/opt/containerd', 'memfd:runc']) assert.ok(isProtected(path), path);
  for (const path of ['/usr/bin/kubelet2', '/opt/bin/kubelet', '/containerd/x', '/usr/xcontainerd', '/usr/bin', '/'])
    assert.ok(!isProtected(path), path);
});

test('Copies that runtimes make of themselves in memory are found by how their names begin', () => {
  const made = enforcementTables([], { ...RAILS, runtimes: ['runc', 'memfd:runc_cloned:'] });
  assert.ok(made.ok);
  const runtime = 1n << 62n;
  const testsOf = (running: string): bigint => {
    const facts = { type: 0, failed: 0, combination: 0, isDirectory: 0, socket: 0, where: 0, candidates: 0n };
    return testAddon.enforcedClauses(made.tables.bytes, { ...facts, running: latin(running) }) & runtime;
  };
  assert.equal(testsOf('memfd:runc_cloned:/proc/self/exe'), runtime);
  assert.equal(testsOf('/usr/bin/runc'), runtime);
  assert.equal(testsOf('memfd:exe'), 0n);
  assert.equal(testsOf('/tmp/memfd:runc_cloned:x/exe'), 0n);
});

test('Within the time of a limit there are never more, wherever it begins', () => {
  const steps = fc.array(fc.nat(4), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 6 }), steps, (count, seconds, pauses) => {
      const done: number[] = [];
      let [window, now] = [0n, 100_000];
      for (const pause of pauses) {
        now += Math.max(pause - 2, 0);
        const next = testAddon.nextWindow(window, count, seconds, now);
        if (next === 0n) continue;
        window = next;
        done.push(now);
      }
      for (const from of done)
        assert.ok(done.filter((time) => time >= from && time < from + seconds).length <= count, `${done}`);
    }),
    { numRuns: 500, seed: 2026, endOnFailure: true },
  );
  // A pause of twice the time gives all of it back; a clock that is behind that of another processor gives nothing.
  const full = testAddon.nextWindow(testAddon.nextWindow(0n, 2, 10, 1000), 2, 10, 1000);
  assert.equal(testAddon.nextWindow(full, 2, 10, 999), 0n);
  assert.equal(testAddon.nextWindow(full, 2, 10, 1019), 0n);
  assert.notEqual(testAddon.nextWindow(full, 2, 10, 1020), 0n);
});

test('Process 1, what the processors do when idle, and threads of the kernel are never acted on', () => {
  const kernelThread = 0x0020_0000;
  for (const [flags, process] of [
    [0, 1],
    [0x0040_0100, 1],
    [0, 0],
    [kernelThread, 2],
    [kernelThread | 0x0420_8040, 431],
  ] as const)
    assert.ok(testAddon.isOfMachine(flags, process), `${flags} ${process}`);
  // A thread of io_uring (0x10) is one of its process.
  for (const flags of [0, 0x0040_0100, 0x0040_0010]) assert.ok(!testAddon.isOfMachine(flags, 2), `${flags}`);
});
