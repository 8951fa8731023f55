// Which process images are given to the rules: all, or those alone that an event names.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IMAGE, IMAGE_KIND } from '../../../host/schema/image.ts';
import { member } from '../../../host/schema/layout.ts';
import { BuilderCapture, SMALL } from '../../support/records/builder-capture.ts';
import { moduleOf, process, shadowRead, startBuiltAgent } from '../../support/records/built-agent.ts';
import { handMade } from '../../support/records/hand-made-module.ts';
import { inject } from '../../support/records/inject.ts';
import { shell } from '../../support/records/lineages.ts';
import { check } from '../../support/sandbox/wasm-builder.ts';

test('on demand, takeImages gives images that events name, and all once a quarter of the memory is used', () => {
  using builder = new BuilderCapture({ ...SMALL, imageBudget: 1 << 20 });
  const { capture } = builder;
  const addresses = new Uint32Array(4096);
  const taken = (): number[] => [...addresses.subarray(0, capture.takeImages(addresses))];
  const addressOf = (id: bigint): number => builder.imageById(id).address;
  builder.poll();
  assert.equal(taken().length, 1);
  capture.announceImages('on-demand');
  const { init, shell: bash } = shell(builder);
  const child = builder.image('FORK', { pid: 11, ppid: 10, parent: bash });
  builder.poll();
  assert.deepEqual(taken(), []);
  for (const image of [child, child, init]) builder.event('unlink', { image, tid: 1, raw: '/a' });
  builder.poll();
  assert.deepEqual(taken(), [addressOf(child), addressOf(init)]);
  builder.event('unlink', { image: child, tid: 1, raw: '/a' });
  // An ancestor gets its words with those of its descendants.
  const [parent] = builder.imageById(child).ancestors();
  assert.ok(parent);
  capture.setCandidates(parent.address, new BigUint64Array(1));
  builder.event('unlink', { image: bash, tid: 1, raw: '/a' });
  builder.poll();
  assert.deepEqual(taken(), []);
  const many: bigint[] = [];
  for (let pid = 100; pid < 300; pid++) {
    many.push(builder.image('FORK', { pid, ppid: 10, parent: bash, argv: `${'x'.repeat(1500)}${pid}\0` }));
  }
  builder.poll();
  assert.deepEqual(new Set(taken()), new Set(many.map(addressOf)));
});

// Else one event of the last process of a chain would have all of it prepared at once.
test('on demand, few images await an event: those beyond are given at once', () => {
  using builder = new BuilderCapture({ ...SMALL, imageBudget: 64 << 20 });
  const { capture } = builder;
  const addresses = new Uint32Array(8192);
  const taken = (): number => capture.takeImages(addresses);
  builder.poll();
  taken();
  capture.announceImages('on-demand');
  let parent = builder.image('SNAPSHOT', { pid: 1 });
  const most = 2048;
  for (let pid = 2; pid <= most; pid++) parent = builder.image('FORK', { pid, ppid: pid - 1, parent });
  builder.poll();
  assert.equal(taken(), 0);
  for (let pid = most + 1; pid <= most + 100; pid++) parent = builder.image('FORK', { pid, ppid: pid - 1, parent });
  builder.poll();
  assert.equal(taken(), 100);
});

/** A capture that gives images on demand, and what it gives. */
function onDemand() {
  const builder = new BuilderCapture();
  const { capture } = builder;
  const addresses = new Uint32Array(64);
  const taken = (): number[] => [...addresses.subarray(0, capture.takeImages(addresses))];
  const addressOf = (id: bigint): number => builder.imageById(id).address;
  builder.poll();
  taken();
  capture.announceImages('on-demand');
  return { builder, capture, taken, addressOf };
}

test('images that are captured are given at once', () => {
  const { builder: made, capture, taken, addressOf } = onDemand();
  using builder = made;
  capture.captureScopes(false, [], Uint32Array.of(10));
  builder.image('SNAPSHOT', { pid: 1 });
  const captured = builder.image('SNAPSHOT', { pid: 10, ppid: 1 });
  const below = builder.image('FORK', { pid: 11, ppid: 10, parent: captured });
  builder.poll();
  assert.deepEqual(taken(), [captured, below].map(addressOf));
});

test('other rules take over: an image left out waits until they are in use, and a new one does not', () => {
  const { builder: made, capture, taken, addressOf } = onDemand();
  using builder = made;
  const [before, other] = [1, 2].map((pid) => builder.image('SNAPSHOT', { pid }));
  assert.ok(before && other);
  builder.poll();
  capture.announceImages('all');
  const during = builder.image('SNAPSHOT', { pid: 3 });
  builder.poll();
  const [address] = taken();
  assert.equal(address, addressOf(during));
  // The words of the other bank are not those that it waits for.
  const words = new BigUint64Array(1);
  for (const image of [address, builder.imageById(before).address]) capture.setCandidates(image, words, 1);
  assert.deepEqual(taken(), [addressOf(before)]);
  capture.announceImages('on-demand', 1);
  builder.event('unlink', { image: other, tid: 1, raw: '/a' });
  builder.image('SNAPSHOT', { pid: 4 });
  builder.poll();
  assert.deepEqual(taken(), []);
});

const RULES = `
- rule: Read by one
  desc: for a test
  condition: evt.type = openat and proc.name = one
  output: "%proc.name"
  priority: INFO
`;

test('the agent describes the processes that events name, and no others', async () => {
  const { offset } = member(IMAGE, 'pid');
  const candidates = `(func $candidates (param i32 i32) (result i64) ${check()}
    (if (i32.eq (i32.load offset=${offset} (local.get 0)) (i32.const 1007)) (then (unreachable))) (i64.const 1))`;
  await using built = await startBuiltAgent([handMade({ candidates }), await moduleOf(RULES)]);
  const { agent } = built;
  inject(agent, [process(7, {})], []);
  inject(agent, [process(1, { comm_bytes: 'one' })], [shadowRead(1)]);
  await built.waitForLines(1);
  assert.equal(agent.summary().rules.setAside.count, 0);
  inject(agent, [], [shadowRead(7), shadowRead(1)]);
  await built.waitForLines(3);
  assert.equal(agent.summary().rules.setAside.count, 1);
});

test('a process that no event has named is known to the rules that take over, and to those after them', async () => {
  await using built = await startBuiltAgent([await moduleOf(RULES)]);
  const { agent } = built;
  const fork = { kind: IMAGE_KIND.FORK, comm_bytes: 'two' };
  inject(agent, [process(1, { comm_bytes: 'one' })], [shadowRead(1)]);
  inject(agent, [process(2, { ...fork, parent: 1, ppid: 1001 }), process(3, { ...fork, parent: 2, ppid: 1002 })], []);
  // Each but the last is met by the process that the last is not met by: words of theirs would have it match.
  for (const ancestor of ['proc.pname = one', 'proc.aname = one', 'proc.pname = two']) {
    await agent.replaceRules([await moduleOf(RULES.replace('proc.name = one', ancestor))]);
  }
  inject(agent, [], [shadowRead(2), shadowRead(3)]);
  const lines = await built.waitForLines(2);
  assert.deepEqual(
    lines.map((line) => line.split(' ').at(-1)),
    ['one', 'two'],
  );
});
