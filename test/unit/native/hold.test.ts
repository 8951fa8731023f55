// The hold area: copies of events that wait for their container, complete in themselves, within their bounds.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventRecord } from '../../../host/fields/record.ts';
import { CONTAINER, CONTAINER_STATE } from '../../../host/schema/container.ts';
import { encodeStruct } from '../../../host/schema/encode-struct.ts';
import { EVENT_FLAGS, EVENT_HEADER } from '../../../host/schema/event-structs.ts';
import { IMAGE_KIND } from '../../../host/schema/image.ts';
import { member } from '../../../host/schema/layout.ts';
import { BuilderCapture, SMALL } from '../../support/records/builder-capture.ts';
import { eventRecord, imageRecord, text } from '../../support/records/records.ts';

const SIZE_OFFSET = member(EVENT_HEADER, 'size').offset;
const MANY = 65_536;

function idOf(number: number): string {
  return number.toString(16).padStart(64, '0');
}

/** A process of container `number`. */
function processIn(builder: BuilderCapture, number: number): bigint {
  const pid = 1000 + number;
  return builder.image('SNAPSHOT', { pid, comm_bytes: 'a', cwd: '/work', cgroup: `/docker/${idOf(number)}` });
}

function open(builder: BuilderCapture, image: bigint, raw: string, resolved = raw): void {
  builder.event('openat', { image, kind: 'f'.charCodeAt(0), dirfd: -100, raw, resolved });
}

/** What `read` makes of the events whose wait has ended; their room is given back. */
function held<T>(builder: BuilderCapture, read: (event: EventRecord) => T): T[] {
  const segments = new Uint32Array(64);
  const all: T[] = [];
  for (let pairs = builder.capture.takeHeld(segments); pairs > 0; pairs = builder.capture.takeHeld(segments)) {
    for (let pair = 0; pair < pairs; pair++) {
      const to = segments[2 * pair + 1] ?? 0;
      for (let at = segments[2 * pair] ?? 0; at < to; at += builder.memory.u32(at + SIZE_OFFSET)) {
        const event = EventRecord.at(builder.memory, at);
        assert.ok(event, `no event at ${at}`);
        all.push(read(event));
      }
    }
    builder.capture.releaseHeld();
  }
  return all;
}

function nameOf(event: EventRecord): string | undefined {
  return text(event, 'name');
}

function exitOf(id: bigint, pid: number): Uint8Array {
  return imageRecord({ kind: IMAGE_KIND.EXIT, id, pid });
}

function flagsOf(event: EventRecord): number {
  return event.number('flags') & (EVENT_FLAGS.HELD | EVENT_FLAGS.TWO_VIEWS | EVENT_FLAGS.RESOLVED_VIEW);
}

test('a copy has the names that were made, and the further views, in itself', () => {
  using builder = new BuilderCapture();
  const image = processIn(builder, 1);
  builder.poll();
  assert.ok(builder.capture.awaitContainer(idOf(1)));
  open(builder, image, '../etc//./passwd', '/etc/passwd');
  open(builder, image, 'link', '/etc/shadow');
  const elsewhere = { resolved: '/srv/link', elsewhere: '/etc/shadow' };
  builder.event('openat', { image, kind: 'f'.charCodeAt(0), dirfd: -100, raw: 'link', ...elsewhere });
  builder.event('open_by_handle_at', { image, kind: 'f'.charCodeAt(0), dirfd: 3, resolved: '/etc/group' });
  builder.event('renameat', { image, old_raw: 'a', old_dirfd: -100, new_raw: '../b', new_dirfd: -100 });
  builder.event('unlink', { image, raw: '/proc/self/cwd/gone' });
  builder.event('renameat', { image, old_raw: '/proc/self/root/a', old_dirfd: -100, new_raw: 'b', new_dirfd: -100 });
  builder.event('setuid', { image, numbers: [4711n, 0n, 0n, 0n] });
  builder.event('connect', { image, kind: '4'.charCodeAt(0), local_port: 1, remote_port: 2 });
  builder.event('sendmmsg', { image, kind: 'u'.charCodeAt(0), passed_path: '/run/log', data: 'words' });
  const [connect, send] = builder.poll().slice(-2);
  const connectName = connect && text(connect, 'name');
  const sendName = send && text(send, 'name');
  assert.ok(connectName && sendName);
  assert.equal(builder.capture.hold(MANY), undefined);
  assert.equal(builder.capture.counters().held, 10);
  // The next batch overwrites what completion made for this one.
  for (let number = 0; number < 50; number++) open(builder, builder.nextImage(), `${'x/'.repeat(200)}${number}`);
  builder.poll();
  builder.capture.release();

  assert.equal(builder.capture.endWait(idOf(1)), 10);
  const namesOf = (event: EventRecord) =>
    (['name', 'old_name', 'new_name', 'passed_path', 'data', 'elsewhere'] as const)
      .flatMap((name) => text(event, name) ?? [])
      .join(' ');
  const seen = held(builder, (event) => {
    assert.equal(event.image?.big('id'), image);
    const views = [event];
    for (let view = event; views.length < 4 && (flagsOf(view) & EVENT_FLAGS.TWO_VIEWS) !== 0; views.push(view)) {
      view = EventRecord.at(builder.memory, view.number('other_view')) ?? assert.fail();
    }
    const last = views.at(-1) ?? assert.fail();
    if (last !== event) {
      // Where the module goes on from the last view, and the host comes back from it.
      assert.equal((last.address + last.number('size')) >>> 0, event.address + event.number('size'));
      assert.equal(last.number('other_view'), event.address);
      assert.equal(flagsOf(last), EVENT_FLAGS.RESOLVED_VIEW);
    }
    return [flagsOf(event), ...views.flatMap((view) => [view.type.name, namesOf(view)])];
  });
  const TWO = EVENT_FLAGS.TWO_VIEWS;
  assert.deepEqual(seen, [
    [0, 'openat', '/etc/passwd'],
    [TWO, 'openat', '/work/link', 'openat', '/etc/shadow'],
    [TWO, ...['/work/link', '/srv/link', '/etc/shadow'].flatMap((name) => ['openat', `${name} /etc/shadow`])],
    [TWO, 'open_by_handle_at', '/etc/group', 'openat', '/etc/group'],
    [0, 'renameat', '/work/a /b'],
    [TWO, 'unlink', '/proc/self/cwd/gone', 'unlink', '/work/gone'],
    [TWO, 'renameat', '/proc/self/root/a /work/b', 'renameat', '/a /work/b'],
    [0, 'setuid', ''],
    [0, 'connect', connectName],
    [TWO, ...['sendmmsg', 'sendmsg'].flatMap((type) => [type, `${sendName} /run/log words`])],
  ]);
  assert.equal(builder.capture.counters().held, 0);
});

test('only events of awaited containers are held, and their records say so', () => {
  using builder = new BuilderCapture();
  const images = [processIn(builder, 1), processIn(builder, 2)] as const;
  const host = builder.image('SNAPSHOT', { pid: 1, comm_bytes: 'init', cgroup: '/' });
  builder.poll();
  assert.equal(builder.capture.awaitContainer('nothing'), false);
  assert.equal(builder.capture.awaitContainer('host'), false);
  builder.capture.awaitContainer(idOf(2));
  for (const image of [...images, host, 0n, 999_999n]) open(builder, image, '/a');
  const events = builder.poll();
  assert.equal(builder.capture.hold(MANY), undefined);
  assert.deepEqual(events.map(flagsOf), [0, EVENT_FLAGS.HELD, 0, 0, 0]);
  // A batch is held once, however often it is asked for.
  assert.equal(builder.capture.hold(MANY), undefined);
  assert.equal(builder.capture.counters().held, 1);
  assert.equal(builder.capture.endWait(idOf(1)), 0);
  assert.equal(builder.capture.endWait(idOf(2)), 1);
  assert.equal(builder.capture.endWait(idOf(2)), 0);
  assert.deepEqual(held(builder, nameOf), ['/a']);
  open(builder, images[1], '/a');
  const after = builder.poll();
  assert.equal(builder.capture.hold(MANY), undefined);
  assert.deepEqual(after.map(flagsOf), [0]);
});

test('whatever a record says, it is not taken for one that is held', () => {
  using builder = new BuilderCapture();
  const image = processIn(builder, 1);
  const flags = EVENT_FLAGS.HELD | EVENT_FLAGS.TWO_VIEWS | EVENT_FLAGS.RESOLVED_VIEW;
  builder.event('openat', { image, kind: 'f'.charCodeAt(0), dirfd: -100, raw: '/a', resolved: '/a', flags });
  assert.deepEqual(builder.poll().map(flagsOf), [0]);
});

test('hostile records are held as far as they are whole', () => {
  using builder = new BuilderCapture();
  const image = processIn(builder, 1);
  builder.poll();
  builder.capture.awaitContainer(idOf(1));
  const longest = 'x/'.repeat(2000);
  open(builder, image, longest, `/${longest}`);
  builder.event('memfd_create', { image, kind: 'm'.charCodeAt(0), text: '' });
  const broken = eventRecord('openat', { image, kind: 'f'.charCodeAt(0), dirfd: -100, raw: '/a' });
  const outside = broken.slice();
  new DataView(outside.buffer).setUint32(member(CONTAINER, 'id').offset, 0xffff_fff0, true);
  builder.inject(broken);
  builder.inject(outside);
  const polled = builder.poll().map((event) => [event.type.name, text(event, 'name')]);
  assert.equal(builder.capture.hold(MANY), undefined);
  assert.equal(builder.capture.endWait(idOf(1)), polled.length);
  assert.deepEqual(
    held(builder, (event) => [event.type.name, nameOf(event)]),
    polled,
  );
});

test('the container that holds most gives way, and the batch goes on', () => {
  using builder = new BuilderCapture({ ...SMALL, holdBudget: 1 << 20 });
  const [flooding, quiet] = [processIn(builder, 1), processIn(builder, 2)];
  builder.poll();
  builder.capture.awaitContainer(idOf(1));
  builder.capture.awaitContainer(idOf(2));
  open(builder, quiet, '/quiet');
  builder.poll();
  assert.equal(builder.capture.hold(MANY), undefined);
  let full: ReturnType<typeof builder.capture.hold>;
  const path = '/f'.repeat(1000);
  for (let round = 0; round < 100 && !full; round++) {
    for (let event = 0; event < 10; event++) open(builder, flooding, path);
    open(builder, quiet, '/quiet');
    builder.poll();
    full = builder.capture.hold(MANY);
  }
  assert.deepEqual(full, { id: idOf(1), reason: 'no-memory' });
  const released = builder.capture.endWait(idOf(1));
  assert.ok(released > 200, `${released}`);
  assert.equal(held(builder, nameOf).length, released);
  // What is left of the batch: of the flood, nothing more is held.
  assert.equal(builder.capture.hold(MANY), undefined);
  const kept = builder.capture.counters().held;
  assert.equal(builder.capture.endWait(idOf(2)), kept);
  assert.ok(held(builder, nameOf).every((name) => name === '/quiet'));
});

test('no more events are held than so many', () => {
  using builder = new BuilderCapture();
  const images = [processIn(builder, 1), processIn(builder, 2)] as const;
  builder.poll();
  builder.capture.awaitContainer(idOf(1));
  builder.capture.awaitContainer(idOf(2));
  for (let event = 0; event < 7; event++) open(builder, images[event === 0 ? 0 : 1], `/${event}`);
  builder.poll();
  assert.deepEqual(builder.capture.hold(5), { id: idOf(2), reason: 'too-many-events' });
  assert.equal(builder.capture.counters().held, 5);
  assert.equal(builder.capture.endWait(idOf(2)), 4);
  assert.equal(held(builder, nameOf).length, 4);
  assert.equal(builder.capture.hold(5), undefined);
  assert.equal(builder.capture.counters().held, 1);
  assert.deepEqual(builder.capture.endWait(idOf(1)), 1);
});

test('what held events need outlives its process: image, ancestors and container', () => {
  using builder = new BuilderCapture({ ...SMALL, imageBudget: 1 << 20 });
  const parent = processIn(builder, 1);
  const child = builder.image('FORK', { pid: 5, parent, comm_bytes: 'child' });
  builder.poll();
  builder.capture.awaitContainer(idOf(1));
  open(builder, child, '/a');
  builder.poll();
  assert.equal(builder.capture.hold(MANY), undefined);
  for (const [id, pid] of [
    [child, 5],
    [parent, 1001],
  ] as const) {
    builder.injectImage(exitOf(id, pid));
  }
  // Others go meanwhile, and so would these.
  for (let number = 0; number < 100; number++) {
    const id = builder.image('SNAPSHOT', { pid: 10_000 + number, comm_bytes: 'x', cwd: '/' });
    builder.injectImage(exitOf(id, 10_000 + number));
  }
  builder.poll();
  assert.ok(builder.capture.counters().images > 100);
  const deadline = performance.now() + 10_000;
  while (builder.capture.counters().images > 2) {
    assert.ok(performance.now() < deadline, `${builder.capture.counters().images} images are left`);
    builder.poll(10);
  }
  assert.equal(builder.capture.counters().images, 2);
  const entry = encodeStruct(CONTAINER, { state: CONTAINER_STATE.KNOWN, id: idOf(1).slice(0, 12), name: 'web' });
  assert.notEqual(builder.capture.setContainer(idOf(1), entry), 0);
  assert.equal(builder.capture.endWait(idOf(1)), 1);
  const events = held(builder, ({ image }) => [
    image?.number('pid'),
    image?.parent?.number('pid'),
    image?.container && text(image.container, 'name'),
  ]);
  assert.deepEqual(events, [[5, 1001, 'web']]);
  while (builder.capture.counters().images > 0) {
    assert.ok(performance.now() < deadline, 'the images stay');
    builder.poll(10);
  }
});
