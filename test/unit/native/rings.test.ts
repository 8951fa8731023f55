// The event rings: commit protocol, wrap, drops, many CPUs, waiting and waking, and what the sandbox may not do.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BuilderCapture, SMALL } from '../../support/records/builder-capture.ts';
import { eventRecord, text } from '../../support/records/records.ts';
import { testAddon } from '../../support/records/test-addon.ts';

const AT_FDCWD = -100;

test('events come in order, complete, and are counted', () => {
  using builder = new BuilderCapture();
  for (let n = 0; n < 10; n++) builder.event('openat', { raw: `/tmp/${n}`, dirfd: AT_FDCWD, tid: n });
  const events = builder.poll();
  assert.deepEqual(
    events.map((event) => text(event, 'name')),
    [...Array(10).keys()].map((n) => `/tmp/${n}`),
  );
  assert.deepEqual(
    events.map((event) => event.big('sequence')),
    [...Array(10).keys()].map((n) => BigInt(n + 1)),
  );
  assert.ok(events.every((event) => (event.number('flags') & 4) !== 0 && event.number('image_address') !== 0));
  const counters = builder.capture.counters();
  assert.deepEqual(counters.produced, [10, 0]);
  assert.equal(counters.evaluated[2], 10);
});

test('an event that is not committed holds back those behind it on its CPU, not those of others', () => {
  using builder = new BuilderCapture();
  builder.event('setuid', { cpu: 0, tid: 1 });
  const commit = builder.uncommitted('setuid', { cpu: 0, tid: 2 });
  builder.event('setuid', { cpu: 0, tid: 3 });
  builder.event('setuid', { cpu: 1, tid: 4 });
  const tids = () =>
    builder
      .poll()
      .map((event) => event.number('tid'))
      .sort();
  assert.deepEqual(tids(), [1, 4]);
  assert.deepEqual(tids(), []);
  commit();
  assert.deepEqual(tids(), [2, 3]);
});

test('a ring wraps around many times without losing, repeating or splitting an event', () => {
  using builder = new BuilderCapture();
  let injected = 0;
  let seen = 0;
  let total = 0;
  while (total < 20 * builder.open.plan.ringSize) {
    for (let n = 0; n < 100; n++) {
      const raw = `/${'x'.repeat((injected * 37) % 4000)}`;
      const record = eventRecord('openat', { raw, dirfd: AT_FDCWD, tid: injected++, cpu: 0 });
      total += record.length;
      builder.inject(record);
    }
    for (let events = builder.poll(); events.length > 0; events = builder.poll()) {
      for (const event of events) {
        assert.equal(event.number('tid'), seen);
        assert.equal(text(event, 'name')?.length, 1 + ((seen * 37) % 4000));
        seen++;
      }
    }
  }
  assert.equal(seen, injected);
  assert.equal(builder.capture.counters().malformed, 0);
});

test('what finds no room is dropped and counted, and what was there stays whole', () => {
  using builder = new BuilderCapture();
  const raw = `/${'x'.repeat(4000)}`;
  for (let n = 0; n < 1000; n++) builder.event('openat', { raw, dirfd: AT_FDCWD, tid: n, cpu: 1 });
  let seen = 0;
  for (let events = builder.poll(); events.length > 0; events = builder.poll()) {
    for (const event of events) assert.equal(event.number('tid'), seen++);
  }
  const { produced, evaluated, dropped, droppedByCpu } = builder.capture.counters();
  assert.deepEqual(produced, [0, 1000]);
  assert.equal(evaluated[2], seen);
  assert.equal(dropped[2], 1000 - seen);
  assert.deepEqual(droppedByCpu, [0, 1000 - seen]);
  assert.ok(seen > 50 && seen < 1000);
});

test('room is given back by release, not before', () => {
  using builder = new BuilderCapture();
  const raw = `/${'x'.repeat(4000)}`;
  const fill = () => {
    const before = builder.capture.counters().dropped[2] ?? 0;
    for (let n = 0; n < 100; n++) builder.event('openat', { raw, dirfd: AT_FDCWD, cpu: 0 });
    return (builder.capture.counters().dropped[2] ?? 0) - before;
  };
  while (fill() < 100);
  assert.ok(builder.poll().length > 0);
  assert.equal(fill(), 100, 'polled records are still being evaluated');
  builder.capture.release();
  assert.ok(fill() < 100);
});

test('256 CPUs share the budget', () => {
  const sizes = { ringBudget: 64 << 20, imageBudget: 1 << 20, containerBudget: 1 << 20, cpus: 256 };
  using builder = new BuilderCapture(sizes, 1024);
  assert.equal(builder.open.plan.ringSize, 256 << 10);
  for (let round = 0; round < 3; round++) {
    for (let cpu = 0; cpu < 256; cpu++) builder.event('setuid', { cpu, tid: cpu });
    const cpus = new Set(builder.poll().map((event) => event.number('cpu')));
    assert.equal(cpus.size, 256);
  }
  assert.deepEqual(builder.capture.counters().produced, Array(256).fill(3));
});

test('a CPU has no larger ring than the verifier takes, whatever the budget', () => {
  using builder = new BuilderCapture(
    { ringBudget: 1 << 30, imageBudget: 1 << 20, containerBudget: 1 << 20, cpus: 2 },
    4,
  );
  assert.equal(builder.open.plan.ringSize, 256 << 20);
});

test('with room for few segments every CPU gets its turn', () => {
  const sizes = { ringBudget: 16 << 20, imageBudget: 1 << 20, containerBudget: 1 << 20, cpus: 64 };
  using builder = new BuilderCapture(sizes, 8);
  for (let cpu = 0; cpu < 64; cpu++) builder.event('setuid', { cpu });
  const cpus = new Set<number>();
  for (let round = 0; round < 16; round++) {
    for (const event of builder.poll()) cpus.add(event.number('cpu'));
  }
  assert.equal(cpus.size, 64);
});

for (const [cpus, megabytes, ringKilobytes] of [
  [2, 16, 8192],
  [64, 16, 256],
  [256, 64, 256],
  [1024, 256, 256],
] as const) {
  test(`without a budget ${cpus} CPUs have ${megabytes} MB of rings`, () => {
    using builder = new BuilderCapture({ imageBudget: 1 << 20, containerBudget: 1 << 20, cpus }, 2 * cpus);
    const { ringSize } = builder.open.plan;
    assert.deepEqual([ringSize, ringSize * cpus], [ringKilobytes << 10, megabytes << 20]);
    builder.event('setuid', { cpu: cpus - 1 });
    assert.equal(builder.poll().length, 1);
  });
}

test('a budget too small for the CPUs is refused with the least that will do', () => {
  const sizes = { ringBudget: 16 << 20, imageBudget: 1 << 20, containerBudget: 1 << 20, cpus: 256 };
  assert.throws(() => testAddon.plan(sizes), {
    code: 'CAPTURE_BUDGET',
    message: /ring_memory_mb.* set at least 64 MB, .* 256 CPUs need/,
  });
  assert.equal(testAddon.plan({ ...sizes, ringBudget: 64 << 20 }).cpus, 256);
  assert.throws(() => testAddon.plan({ ...SMALL, imageBudget: 2 ** 32 }), { code: 'CAPTURE_BUDGET' });
  assert.throws(() => testAddon.plan({ ...SMALL, cpus: 0 }), { code: 'CAPTURE_PLAN' });
});

test('scratch that is full ends the batch, and the rest comes with the next', () => {
  using builder = new BuilderCapture({ ...SMALL, ringBudget: 16 << 20 });
  const directory = `/${'d'.repeat(4000)}`;
  const count = 600;
  for (let n = 0; n < count; n++) builder.event('unlinkat', { raw: './f', dirfd: 3, directory, tid: n, cpu: 0 });
  let seen = 0;
  let batches = 0;
  for (let events = builder.poll(); events.length > 0; events = builder.poll()) {
    batches++;
    for (const event of events) {
      assert.equal(event.number('tid'), seen++);
      assert.equal(text(event, 'name'), `${directory}/f`);
    }
  }
  assert.equal(seen, count);
  assert.ok(batches > 2);
});

test('poll waits until an event comes, and no longer', () => {
  using builder = new BuilderCapture();
  const start = performance.now();
  assert.equal(builder.poll(40).length, 0);
  const waited = performance.now() - start;
  assert.ok(waited >= 39 && waited < 10_000, `waited ${waited} ms`);
  builder.event('setuid', {});
  assert.equal(builder.poll(10_000).length, 1);
});

test('a closed capture says so, and its memory is ordinary memory again', () => {
  const builder = new BuilderCapture();
  builder.event('setuid', {});
  builder.poll();
  builder.capture.close();
  builder.capture.close();
  assert.throws(() => builder.capture.poll(builder.segments, 0), { code: 'CAPTURE_CLOSED' });
  const bytes = new Uint8Array(builder.open.memory.buffer);
  for (const address of [builder.open.plan.ringsAddress, builder.open.plan.imagesAddress, bytes.length - 1]) {
    assert.equal(bytes[address], 0);
    bytes[address] = 1;
  }
  assert.equal(testAddon.eventCounts(builder.capture.handle()), undefined);
});

/** (module (memory (import "env" "memory") ...) (func (export "store") (param i32) local.get 0 i32.const 1 i32.store)) */
function storeModule(pages: number): WebAssembly.Module {
  const leb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)]);
  const section = (id: number, body: number[]) => [id, ...leb(body.length), ...body];
  const name = (value: string) => [value.length, ...Buffer.from(value)];
  return new WebAssembly.Module(
    new Uint8Array([
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...section(1, [1, 0x60, 1, 0x7f, 0]),
      ...section(2, [1, ...name('env'), ...name('memory'), 2, 3, ...leb(pages), ...leb(pages)]),
      ...section(3, [1, 0]),
      ...section(7, [1, ...name('store'), 0, 0]),
      ...section(10, [1, 9, 0, 0x20, 0, 0x41, 1, 0x36, 2, 0, 0x0b]),
    ]),
  );
}

test('a module that writes to a ring, an image, a container or a name is stopped by the mapping', () => {
  using builder = new BuilderCapture();
  const { plan, memory } = builder.open;
  const instance = new WebAssembly.Instance(storeModule(plan.memoryBytes / 65_536), { env: { memory } });
  const store = instance.exports.store as (address: number) => void;
  store(0);
  const event = builder.one('openat', { raw: './x', dirfd: AT_FDCWD });
  const name = (event.address + builder.memory.u32(event.address + 120)) >>> 0;
  const addresses = [event.address, event.number('image_address'), event.image?.container?.address ?? 0, name];
  for (const address of addresses) {
    assert.ok(address >= plan.ringsAddress);
    assert.throws(() => store(address), WebAssembly.RuntimeError);
  }
  assert.equal(text(builder.one('openat', { raw: '/y', dirfd: AT_FDCWD }), 'name'), '/y', 'nothing was harmed');
});
