// Process images where there are many: whose texts are cut, which images go, and that changes leave room to others.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StructInput } from '../../../host/schema/encode-struct.ts';
import { IMAGE_FLAGS } from '../../../host/schema/image.ts';
import { BuilderCapture, SMALL } from '../../support/records/builder-capture.ts';
import { lineage, settle } from '../../support/records/lineages.ts';
import { text } from '../../support/records/records.ts';

// Most of the time they wait, so they wait together.
describe('many process images', { concurrency: true }, () => {
  test('when the budget is reached, images of ended processes go, oldest first, and their descendants stay linked', async () => {
    using builder = new BuilderCapture({ ...SMALL, imageBudget: 1 << 20 });
    const root = builder.image('SNAPSHOT', { pid: 1, comm_bytes: 'root' });
    let parent = root;
    // Each of these ends at once, but for the last, whose ancestors they all are.
    const environment = `E=${'x'.repeat(1500)}\0`;
    for (let depth = 0; depth < 150; depth++) {
      const pid = 100 + depth;
      const child = builder.image('FORK', { pid, ppid: pid - 1, parent, comm_bytes: `c${depth}`, environment });
      if (parent !== root) builder.image('EXIT', { id: parent, pid: pid - 1 });
      parent = child;
      builder.poll();
    }
    await settle(builder);
    assert.equal(builder.capture.counters().imagesEvicted, 0);
    for (let more = 0; more < 500; more++) {
      builder.image('FORK', { pid: 1000 + more, ppid: 1, parent: root, comm_bytes: `more${more}`, environment });
      builder.poll();
    }
    const counters = builder.capture.counters();
    assert.ok(counters.imagesEvicted > 20, `evicted ${counters.imagesEvicted}`);
    const names = lineage(builder.imageById(parent));
    assert.equal(names[0], 'c149');
    assert.equal(names.at(-1), 'root');
    assert.ok(names.length < 150 && names.length > 2, `${names.length} generations are left`);
    assert.equal(names[1], 'c148', 'the nearest are the last to go');
  });

  test('changes leave room to others; those that find none have the process as it was before, until there is room', async () => {
    using builder = new BuilderCapture({ ...SMALL, imageBudget: 1 << 20 });
    const first = builder.image('SNAPSHOT', { pid: 10, comm_bytes: 'mover', cwd: '/first' });
    const other = builder.image('SNAPSHOT', { pid: 11, comm_bytes: 'other', cwd: '/first' });
    let last = first;
    for (let change = 0; change < 2000; change++) {
      last = builder.image('CHANGE', { pid: 10, previous: last, comm_bytes: 'mover', cwd: `/changed/${change}` });
    }
    const made = builder.one('mkdir', { image: last, dirfd: -100, raw: 'made' });
    assert.equal(made.image && text(made.image, 'comm'), 'mover');
    assert.match(made.image ? (text(made.image, 'cwd') ?? '') : '', /^\/changed\/\d+$/);
    assert.equal(text(made, 'name'), '<UNKNOWN>made', 'in which directory is not known');
    const { imagesLost, unknownImages } = builder.capture.counters();
    assert.ok(imagesLost > 1500, `${imagesLost} lost`);
    assert.equal(unknownImages, 0);
    const moved = builder.image('CHANGE', { pid: 11, previous: other, comm_bytes: 'other', cwd: '/moved' });
    const fork = builder.image('FORK', { pid: 12, ppid: 10, parent: last, comm_bytes: 'mover' });
    assert.equal(text(builder.imageById(moved), 'cwd'), '/moved', 'another process has its change');
    assert.equal(builder.imageById(fork).number('pid'), 12);
    assert.equal(builder.capture.counters().imagesLost, imagesLost);
    await settle(builder);
    const later = builder.one('mkdir', { image: last, dirfd: -100, raw: 'later' });
    assert.equal(text(later, 'name'), '/changed/1999/later');
  });

  /** Makes changes, each with much text, until many are lost. @param change makes the one of that number */
  function crowdOut(builder: BuilderCapture, change: (number: number, cwd: string) => void): void {
    for (let number = 0; number < 2000; number++) change(number, `/${'x'.repeat(1000)}/${number}`);
    builder.poll();
    const { imagesLost } = builder.capture.counters();
    assert.ok(imagesLost > 500, `${imagesLost} lost`);
  }

  test('changes of many threads leave room to other processes of their user', () => {
    using builder = new BuilderCapture({ ...SMALL, imageBudget: 1 << 20 });
    const flags = IMAGE_FLAGS.THREAD;
    const input = { comm_bytes: 'mover', cwd: '/first', owner: 7 };
    const first = builder.image('SNAPSHOT', { ...input, pid: 10 });
    const other = builder.image('SNAPSHOT', { ...input, pid: 11 });
    crowdOut(builder, (_, cwd) => builder.image('CHANGE', { ...input, pid: 10, previous: first, flags, cwd }));
    const moved = builder.image('CHANGE', { ...input, pid: 11, previous: other, cwd: '/moved' });
    assert.equal(text(builder.imageById(moved), 'cwd'), '/moved');
  });

  test('changes of many processes of a user leave room to others', () => {
    using builder = new BuilderCapture({ ...SMALL, imageBudget: 1 << 20 });
    const input = { comm_bytes: 'mover', cwd: '/first' };
    const other = builder.image('SNAPSHOT', { ...input, pid: 11, owner: 8 });
    crowdOut(builder, (number, cwd) => {
      const mine = { ...input, pid: 100 + number, owner: 7 };
      const previous = builder.image('SNAPSHOT', mine);
      const id = builder.image('CHANGE', { ...mine, previous, cwd });
      builder.image('EXIT', { id, pid: mine.pid });
    });
    const moved = builder.image('CHANGE', { ...input, pid: 11, owner: 8, previous: other, cwd: '/moved' });
    assert.equal(text(builder.imageById(moved), 'cwd'), '/moved');
  });

  /** Processes with much text each, of which 1 MB holds some hundred if it is whole. @param distinct whether each has its own */
  function crowd(builder: BuilderCapture, count: number, input: StructInput, distinct = true): bigint[] {
    return Array.from({ length: count }, (_, number) => {
      const pid = 1000 + number;
      const argv = `crowd\0${'y'.repeat(1000)}\0`;
      const environment = `E=${distinct ? pid : ''}${'x'.repeat(3000)}\0`;
      const id = builder.image('SNAPSHOT', { pid, comm_bytes: 'crowd', argv, environment, ...input });
      builder.poll();
      return id;
    });
  }

  function losses(builder: BuilderCapture): { lost: number; cut: number } {
    const { imagesLost, imagesCut } = builder.capture.counters();
    return { lost: imagesLost, cut: imagesCut };
  }

  test('a text that many processes have is there once', () => {
    using builder = new BuilderCapture({ ...SMALL, imageBudget: 1 << 20 });
    const ids = crowd(builder, 800, {}, false);
    assert.deepEqual(losses(builder), { lost: 0, cut: 0 });
    const [first, last] = [ids[0], ids.at(-1)].map((id) => builder.imageById(id ?? 0n));
    assert.deepEqual([first?.number('pid'), last?.number('pid')], [1000, 1799]);
    for (const member of ['argv', 'environment', 'cmdline', 'environment_text'] as const) {
      assert.equal(last && text(last, member), first && text(first, member), member);
    }
    // The same bytes one after the other are not the same text.
    const [ab, a] = [
      { executable: '/ab', cwd: '/c' },
      { executable: '/a', cwd: 'b/c' },
    ].map((input) => builder.imageById(builder.image('SNAPSHOT', { pid: 10, comm_bytes: 'p', ...input })));
    assert.deepEqual(
      [ab, a].map((image) => image && text(image, 'executable')),
      ['/ab', '/a'],
    );
  });

  test('a text lasts as long as one of the processes that have it', async () => {
    using builder = new BuilderCapture({ ...SMALL, imageBudget: 1 << 20 });
    const [first = 0n, second = 0n] = crowd(builder, 2, {}, false);
    builder.image('EXIT', { id: first, pid: 1000 });
    await settle(builder);
    crowd(builder, 20, { comm_bytes: 'other' });
    assert.equal(builder.capture.counters().images, 21);
    assert.equal(text(builder.imageById(second), 'environment'), `E=${'x'.repeat(3000)}\0`);
  });

  test('a user with many processes has long texts cut; those of others stay whole', () => {
    using builder = new BuilderCapture({ ...SMALL, imageBudget: 1 << 20 });
    const hog = crowd(builder, 400, { owner: 1000, uid: 1000, executable: `/${'d/'.repeat(100)}crowd` });
    const { lost, cut } = losses(builder);
    assert.equal(lost, 0);
    assert.ok(cut > 200 && cut < 400, `${cut} cut`);
    const [whole, short] = [hog[0], hog.at(-1)].map((id) => builder.imageById(id ?? 0n));
    assert.ok(whole && short);
    assert.equal(whole.number('flags') & IMAGE_FLAGS.TRUNCATED, 0);
    assert.equal(short.number('flags') & IMAGE_FLAGS.TRUNCATED, IMAGE_FLAGS.TRUNCATED);
    assert.equal(text(short, 'comm'), 'crowd');
    assert.match(text(short, 'cmdline') ?? '', /^crowd y{100,130}$/);
    assert.match(text(short, 'argv') ?? '', /^crowd\0y{100,130}$/, 'it can pass for no other command');
    assert.match(text(short, 'executable') ?? '', /^\/\/[d/]{100,130}crowd$/, 'it can pass for no other path');
    assert.equal(text(short, 'environment'), '');
    // Root's processes, which are distinguished by their cgroups.
    const others = [1n, 2n, 3n].flatMap((cgroup_id) => crowd(builder, 3, { cgroup_id }));
    assert.deepEqual(losses(builder), { lost, cut });
    for (const id of others) assert.match(text(builder.imageById(id), 'environment') ?? '', /^E=\d+x{3000}\0$/);
  });

  test('a user with even more processes loses images; others none. Live processes are never evicted', () => {
    using builder = new BuilderCapture({ ...SMALL, imageBudget: 1 << 20 });
    const [first = 0n] = crowd(builder, 2000, { owner: 1000 });
    const { lost } = losses(builder);
    assert.ok(lost > 1000, `${lost} lost`);
    crowd(builder, 40, { owner: 1001 });
    assert.equal(losses(builder).lost, lost);
    const counters = builder.capture.counters();
    assert.deepEqual([counters.images + counters.imagesLost, counters.imagesEvicted], [2040, 0]);
    assert.equal(text(builder.imageById(first), 'comm'), 'crowd');
  });

  test('a container with many control groups within has one share, also of those whose path is cut off', () => {
    using builder = new BuilderCapture({ ...SMALL, imageBudget: 1 << 20 });
    const container = `/docker/${'0123456789abcdef'.repeat(4)}`;
    const deep = `//${'d/'.repeat(100)}`;
    let parent = builder.image('SNAPSHOT', { pid: 9, comm_bytes: 'sh', cgroup: container, cgroup_id: 9n });
    for (let number = 0; number < 1000; number++) {
      const cgroup_id = BigInt(100 + number);
      const pid = 2000 + number;
      if (number % 2 === 0) crowd(builder, 1, { pid, cgroup: `${container}/${number}`, cgroup_id });
      else parent = builder.image('FORK', { pid, ppid: 9, parent, cgroup: `${deep}${number}`, cgroup_id });
      builder.poll();
    }
    const { lost } = losses(builder);
    assert.ok(lost > 500, `${lost} lost`);
    for (let other = 0; other < 20; other++) crowd(builder, 1, { pid: 9000 + other, cgroup_id: BigInt(9000 + other) });
    assert.equal(losses(builder).lost, lost);
  });
});
