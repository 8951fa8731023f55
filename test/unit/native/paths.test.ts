// fd.name: absolute lexical paths, as Falco has them, of whatever bytes a process passes.

import assert from 'node:assert/strict';
import { posix } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type EventBytes, EventRecord } from '../../../host/fields/record.ts';
import { EVENT_FLAGS, EVENT_STRUCTS } from '../../../host/schema/event-structs.ts';
import { member } from '../../../host/schema/layout.ts';
import { BuilderCapture } from '../../support/records/builder-capture.ts';
import { text } from '../../support/records/records.ts';
import { testAddon } from '../../support/records/test-addon.ts';

const AT_FDCWD = -100;

/** Directory, path passed, lexical path. An empty directory is not known. */
const CASES: readonly [string, string, string][] = [
  ['/', '/etc/passwd', '/etc/passwd'],
  ['/root', '/etc/../etc/shadow', '/etc/shadow'],
  ['/root', '/etc//passwd', '/etc/passwd'],
  ['/root', '//etc/passwd', '/etc/passwd'],
  ['/root', '/etc/./passwd', '/etc/passwd'],
  ['/root', '/etc/passwd/', '/etc/passwd'],
  ['/root', '/etc/passwd//', '/etc/passwd'],
  ['/root', '/etc/passwd/.', '/etc/passwd'],
  ['/root', '/etc/passwd/..', '/etc'],
  ['/root', '/', '/'],
  ['/root', '//', '/'],
  ['/root', '/.', '/'],
  ['/root', '/..', '/'],
  ['/root', '/../../etc', '/etc'],
  ['/root', '/a/b/../../../../c', '/c'],
  ['/root', '/.hidden', '/.hidden'],
  ['/root', '/..hidden/...', '/..hidden/...'],
  ['/root', '/a/.b/..c', '/a/.b/..c'],
  ['/root', '', '/root'],
  ['/root', '.', '/root'],
  ['/root', '..', '/'],
  ['/root', '../..', '/'],
  ['/root', './a', '/root/a'],
  ['/root', 'a/./b//c/', '/root/a/b/c'],
  ['/root/x', '../y', '/root/y'],
  ['/root/x', '../../../y', '/y'],
  ['/', 'a', '/a'],
  ['/', '..', '/'],
  ['', 'a', '<UNKNOWN>a'],
  ['', 'a/b/../c', '<UNKNOWN>a/c'],
  ['', '../a', '<UNKNOWN>a'],
  ['', '/a/b', '/a/b'],
  ['/a b', 'c\nd', '/a b/c\nd'],
  ['/\xff', '\xfe/\xc0', '/\xff/\xfe/\xc0'],
  ['/root', '/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p', '/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p'],
  ['/root', '/0123456789abcde/./x', '/0123456789abcde/x'],
  ['/root', '/0123456789abcd//x', '/0123456789abcd/x'],
];

function lexical(directory: string, path: string): string {
  const result = testAddon.lexicalPath(Buffer.from(directory, 'latin1'), Buffer.from(path, 'latin1'));
  return Buffer.from(result.path).toString('latin1');
}

for (const [directory, path, expected] of CASES) {
  test(`path ${JSON.stringify(path)} in ${JSON.stringify(directory)}`, () => {
    assert.equal(lexical(directory, path), expected);
  });
}

test('an open event names its file by cwd, by dirfd, or by what was passed', () => {
  using builder = new BuilderCapture();
  const image = builder.image('SNAPSHOT', { pid: 10, comm_bytes: 'a', cwd: '/work' });
  const open = { image, dirfd: AT_FDCWD };
  assert.equal(text(builder.one('openat', { ...open, raw: 'x/../y' }), 'name'), '/work/y');
  assert.equal(text(builder.one('openat', { ...open, raw: 'y', dirfd: 5, directory: '/srv' }), 'name'), '/srv/y');
  assert.equal(text(builder.one('openat', { ...open, raw: 'y', dirfd: 5 }), 'name'), '<UNKNOWN>y');
  assert.equal(text(builder.one('openat', { ...open, raw: '/y', dirfd: 5, directory: '/srv' }), 'name'), '/y');
  assert.equal(text(builder.one('openat', open), 'name'), undefined, 'a path that could not be read has no name');
  assert.equal(text(builder.one('creat', { ...open, raw: '' }), 'name'), '/work');
});

test('a clean absolute path is its own name: the same bytes, not a copy', () => {
  using builder = new BuilderCapture();
  const event = builder.one('openat', { raw: '/etc/shadow', dirfd: AT_FDCWD });
  assert.equal(text(event, 'name'), '/etc/shadow');
  const offset = (name: 'name' | 'raw'): number =>
    builder.memory.u32(event.address + member(EVENT_STRUCTS.open, name).offset);
  assert.equal(offset('name'), offset('raw'));
});

test('a path of 4095 bytes below a directory of 4095', () => {
  using builder = new BuilderCapture();
  const long = `/${'d'.repeat(254)}`.repeat(16).slice(0, 4095);
  const relative = long.slice(1);
  const event = builder.one('openat', { raw: `./${relative}`.slice(0, 4095), dirfd: 3, directory: long });
  assert.equal(text(event, 'name'), `${long}/${relative}`.slice(0, 4095 + 1 + 4093));
});

test('both paths of rename, but not the target text of symlink nor the device of mount', () => {
  using builder = new BuilderCapture();
  const image = builder.image('SNAPSHOT', { pid: 10, comm_bytes: 'a', cwd: '/w' });
  const both = { image, old_raw: 'a', new_raw: '../b', old_dirfd: AT_FDCWD, new_dirfd: 7, new_directory: '/x/y' };
  const rename = builder.one('renameat2', both);
  assert.deepEqual([text(rename, 'old_name'), text(rename, 'new_name')], ['/w/a', '/x/b']);
  for (const type of ['symlink', 'symlinkat', 'mount']) {
    const event = builder.one(type, both);
    assert.deepEqual(
      [text(event, 'old_name'), text(event, 'old_raw'), text(event, 'new_name')],
      [undefined, 'a', '/x/b'],
    );
  }
});

describe('a call on a path behind links to a root or the own directory has a second view with the path behind them', () => {
  const behind: readonly (readonly [raw: string, expected: string | undefined])[] = [
    ['/proc/self/root/etc/shadow', '/etc/shadow'],
    ['/proc/self/cwd/x', '/work/x'],
    ['/proc/self/cwd/../x', '/x'],
    ['/proc/self/cwd/..', '/'],
    ['/proc/self/root/../etc', '/etc'],
    ['/proc/self/root/proc/self/cwd/a/./b//', '/work/a/b'],
    ['/proc/self/root', '/'],
    ['/proc/thread-self/root/x', '/x'],
    ['/proc/7/root/x', '/x'],
    ['/proc/7/task/9/cwd/x', '/work/x'],
    ['../proc/self/root/x', '/x'],
    ['/proc/8/root/x', '/x'],
    ['/proc/8/task/9/root/x', '/x'],
    ['/proc/8/cwd/x', undefined],
    ['/proc/8x/root/y', undefined],
    ['/proc/07x/root/x', undefined],
    ['/proc/self/task/x/root/y', undefined],
    ['/proc/self/rootless/x', undefined],
    ['/proc/self/fd/3/x', undefined],
    ['/x/proc/self/root/y', undefined],
    ['/proc', undefined],
    ['', undefined],
    [`${'/proc/self/root'.repeat(270)}/x`, '/x'],
  ];
  for (const [raw, expected] of behind) {
    test(raw.slice(0, 60), () => {
      using builder = new BuilderCapture();
      const image = builder.image('SNAPSHOT', { pid: 70, vpid: 7, comm_bytes: 'a', cwd: '/work' });
      const event = builder.one('unlink', { image, raw, dirfd: AT_FDCWD });
      assert.equal(event.hasTwoNames, expected !== undefined);
      assert.equal(text(event, 'name'), posix.resolve('/work', raw));
      assert.equal(text(event.resolvedView, 'name'), expected ?? text(event, 'name'));
      assert.equal(text(event.resolvedView, 'raw'), raw);
      assert.equal(event.resolvedView.passedView.address, event.address);
    });
  }

  test('of two paths, the one that has them is another', () => {
    using builder = new BuilderCapture();
    const image = builder.image('SNAPSHOT', { pid: 7, vpid: 7, comm_bytes: 'a', cwd: '/proc/7' });
    const both = { image, old_raw: 'root/a', new_raw: '/b', old_dirfd: AT_FDCWD, new_dirfd: AT_FDCWD };
    const names = (type: string): unknown[] => {
      const { resolvedView } = builder.one(type, both);
      return [text(resolvedView, 'old_name'), text(resolvedView, 'new_name')];
    };
    assert.deepEqual(names('rename'), ['/a', '/b']);
    assert.deepEqual(names('symlink'), [undefined, '/b']);
    const { resolvedView } = builder.one('link', {
      ...both,
      old_raw: '/b',
      new_raw: 'c',
      new_dirfd: 3,
      new_directory: '/',
    });
    assert.deepEqual([text(resolvedView, 'old_name'), text(resolvedView, 'new_name')], ['/b', '/c']);
  });
});

describe('a call on a path has a view with the path from where its start is elsewhere', () => {
  // What it starts from: as the process sees it, and elsewhere; undefined: a path from its root.
  const cases: readonly (readonly [
    start: string | undefined,
    base: string,
    raw: string,
    expected: string | undefined,
  ])[] = [
    [undefined, '/jail', '/etc/shadow', '/jail/etc/shadow'],
    [undefined, '/jail', '/../x', '/jail/x'],
    [undefined, '/jail', '/', '/jail'],
    [undefined, '/', '/x', undefined],
    ['/', '/jail', 'x', '/jail/x'],
    ['/ssh', '/etc/ssh', 'x', '/etc/ssh/x'],
    ['/ssh', '/etc/ssh', '../../shadow', '/etc/shadow'],
    ['/mnt/bound', '/etc', 'shadow', '/etc/shadow'],
    ['/mnt/bound', '/etc', './ssh/../shadow', '/etc/shadow'],
    ['/mnt/bound', '/etc', '', '/etc'],
    ['/same', '/same', 'x', undefined],
  ];
  for (const [start, base, raw, expected] of cases) {
    test(`${start}, elsewhere ${base}: ${raw}`, () => {
      using builder = new BuilderCapture();
      const directory = start === undefined ? {} : { directory: start };
      const event = builder.one('unlinkat', { raw, dirfd: 3, base, ...directory });
      assert.equal(event.hasTwoNames, expected !== undefined);
      assert.equal(text(event.resolvedView, 'name'), expected ?? text(event, 'name'));
      assert.equal(text(event.resolvedView, 'raw'), raw);
    });
  }

  test('also behind a link to its own root', () => {
    using builder = new BuilderCapture();
    const image = builder.image('SNAPSHOT', { pid: 7, vpid: 7, comm_bytes: 'a', cwd: '/' });
    const raw = '/proc/self/root/x';
    const event = builder.one('unlink', { image, raw, dirfd: AT_FDCWD, base: '/jail' });
    assert.deepEqual(viewsOf(event, ['name']), [[raw], ['/x'], ['/jail/x']]);
  });

  test('an exchange has each pair of names both ways', () => {
    using builder = new BuilderCapture();
    const image = builder.image('SNAPSHOT', { pid: 7, vpid: 7, comm_bytes: 'a', cwd: '/' });
    const paths = { old_raw: '/proc/self/root/a', new_raw: '/b', old_dirfd: AT_FDCWD, new_dirfd: AT_FDCWD };
    const event = builder.one('renameat2', { image, ...paths, old_base: '/jail', new_base: '/jail', call_flags: 2n });
    const passed = [paths.old_raw, '/b', paths.old_raw, '/b'];
    assert.deepEqual(viewsOf(event, ['old_name', 'new_name', 'old_raw', 'new_raw']), [
      passed,
      ['/a', '/b', paths.old_raw, '/b'],
      ['/jail/a', '/jail/b', paths.old_raw, '/b'],
      ['/b', paths.old_raw, '/b', paths.old_raw],
      ['/b', '/a', '/b', paths.old_raw],
      ['/jail/b', '/jail/a', '/b', paths.old_raw],
    ]);
  });
});

test('move_mount is a mount as well: of its device, of the folder that it shows, or from another place', () => {
  using builder = new BuilderCapture();
  const image = builder.image('SNAPSHOT', { pid: 7, vpid: 7, comm_bytes: 'a', cwd: '/' });
  const moved = (members: Parameters<typeof builder.one>[1]): unknown[] => {
    const paths = { old_raw: '', new_raw: '/place', old_dirfd: 3, new_dirfd: AT_FDCWD, old_directory: '/place' };
    const event = builder.one('move_mount', { image, ...paths, ...members });
    return viewsOf(event, ['old_raw', 'new_name'], (view) => view.type.name);
  };
  assert.deepEqual(moved({ device: '/dev/sda1', text: 'ext4' }), [
    ['move_mount', '', '/place'],
    ['mount', '/dev/sda1', '/place'],
  ]);
  const bind = moved({ old_base: '/etc' });
  assert.deepEqual(bind.slice(0, 2), [
    ['move_mount', '', '/place'],
    ['mount', '/etc', '/place'],
  ]);
  assert.deepEqual(moved({ old_raw: '/a', old_dirfd: AT_FDCWD }), [
    ['move_mount', '/a', '/place'],
    ['mount', '/a', '/place'],
  ]);
});

/** The texts of all views of an event, perhaps with something else of each before them. */
function viewsOf(
  event: EventRecord,
  members: readonly EventBytes[],
  also?: (view: EventRecord) => unknown,
): unknown[][] {
  const views = [event];
  for (;;) {
    const last = views.at(-1) ?? event;
    if ((last.number('flags') & EVENT_FLAGS.TWO_VIEWS) === 0) break;
    views.push(EventRecord.at(event.memory, last.number('other_view')) ?? assert.fail());
  }
  assert.equal(views.length === 1 || views.at(-1)?.passedView.address === event.address, true);
  return views.map((view) => [...(also ? [also(view)] : []), ...members.map((member) => text(view, member))]);
}

test('a lexical path is absolute and clean, and is its own lexical path', () => {
  const component = fc.constantFrom('', '.', '..', '...', 'a', '.b', 'c..', 'x'.repeat(40));
  const path = fc.array(component, { maxLength: 12 }).map((parts) => parts.join('/'));
  const directory = fc.constantFrom('/', '/w', '/w/x/y');
  fc.assert(
    fc.property(directory, path, (base, raw) => {
      const result = lexical(base, raw);
      const clean = testAddon.lexicalPath(Buffer.alloc(0), Buffer.from(result)).clean;
      assert.ok(clean, `${result} is not clean`);
      assert.equal(lexical('/elsewhere', result), result);
      assert.equal(result, posix.resolve(base, raw));
    }),
    { numRuns: 2000 },
  );
});

test('what is called clean needs no change', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^\/[/.ab]{0,40}$/), (path) => {
      const { clean, path: normal } = testAddon.lexicalPath(Buffer.alloc(0), Buffer.from(path));
      assert.equal(clean, Buffer.from(normal).toString() === path);
    }),
    { numRuns: 5000 },
  );
});
