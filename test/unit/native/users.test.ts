// Names of users and groups of containers: from files below a root that may be hostile, in bounded memory and time.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type NameStep, testAddon } from '../../support/records/test-addon.ts';

/** A directory with an etc/, gone at the end. */
function withRoot(body: (root: string) => void): void {
  const root = mkdtempSync(join(tmpdir(), 'wasprey-root-'));
  try {
    mkdirSync(join(root, 'etc'));
    body(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

test('names are read from passwd and group, and invalid lines are skipped', () => {
  withRoot((root) => {
    const passwd =
      'root:x:0:0:r:/root:/bin/sh\n\nbroken\n:x:5:5::/:\nweb:x:33:33:w:/:/x\nother:x:33:1::/:\nnan:x:1x:1::\nbig:x:4294967296:1::\nlast:x:7:7::/:';
    writeFileSync(join(root, 'etc/passwd'), passwd);
    writeFileSync(join(root, 'etc/group'), 'staff:x:50:a,b\n');
    const names = testAddon.namesBelow(root);
    assert.deepEqual(names, { users: { 0: 'root', 7: 'last', 33: 'web' }, groups: { 50: 'staff' } });
  });
});

test('home and shell of a user are the last two fields of the first line of the number', () => {
  const long = '/x'.repeat(3000);
  const passwd = [
    'root:x:0:0:r:/root:/bin/sh',
    'root:x:0:0::/other:/other',
    'empty:x:1:1:::',
    'bare:x:2:',
    'group:x:3:3',
    'comment:x:4:4:c',
    'home:x:5:5:c:/home/5',
    'more:x:6:6:c:/:/bin/sh:left',
    `long:x:7:7::${long}:${long}`,
    'nul:x:8:8::/\0a:\0',
    ':::::',
    ':',
    'x:x::::/:/a',
    'negative:x:-1:1::/:/a',
    'last:x:9:9::/home/9:/bin/bash',
  ].join('\n');
  assert.deepEqual(testAddon.usersOf(passwd), {
    0: { name: 'root', home: '/root', shell: '/bin/sh' },
    1: { name: 'empty', home: '', shell: '' },
    2: { name: 'bare' },
    3: { name: 'group' },
    4: { name: 'comment' },
    5: { name: 'home' },
    6: { name: 'more', home: '/', shell: '/bin/sh:left' },
    7: { name: 'long', home: long.slice(0, 1024), shell: long.slice(0, 1024) },
    8: { name: 'nul', home: '/\0a', shell: '\0' },
    9: { name: 'last', home: '/home/9', shell: '/bin/bash' },
  });
  assert.deepEqual(testAddon.usersOf(''), {});
});

test('a passwd that is a link is followed below the root, never out of it', () => {
  withRoot((root) => {
    mkdirSync(join(root, 'real'));
    writeFileSync(join(root, 'real/passwd'), 'inner:x:1:1::/:\n');
    symlinkSync('/real/passwd', join(root, 'etc/passwd'));
    symlinkSync('../../../../../../etc/group', join(root, 'etc/group'));
    assert.deepEqual(testAddon.namesBelow(root), { users: { 1: 'inner' }, groups: {} });
  });
});

test('a passwd that is a FIFO, a directory, a device link or too large gives no names, and is not waited for', () => {
  withRoot((root) => {
    const none = { users: {}, groups: {} };
    execFileSync('mkfifo', [join(root, 'etc/passwd')]);
    mkdirSync(join(root, 'etc/group'));
    assert.deepEqual(testAddon.namesBelow(root), none);
    rmSync(join(root, 'etc/passwd'));
    writeFileSync(join(root, 'etc/passwd'), 'a:x:1:1::/:\n');
    truncateSync(join(root, 'etc/passwd'), 2 ** 40);
    assert.deepEqual(testAddon.namesBelow(root), none);
    rmSync(join(root, 'etc/passwd'));
    symlinkSync('passwd', join(root, 'etc/passwd'));
    assert.deepEqual(testAddon.namesBelow(root), none);
    assert.equal(testAddon.namesBelow(join(root, 'absent')), undefined);
  });
});

/** The largest file of a container that is read, and one of such lines that it is nearly as long. */
const LARGEST = 128 << 10;
const line = (uid: number): string => `u${uid}:x:${uid}:\n`;
const LARGE = Array.from({ length: 8000 }, (_, uid) => line(uid)).join('');
/** For tests in which time does not matter. */
const ALL_TIME = { mostNs: 1e12, mostNsOfContainer: 1e12 };

/** Roots of processes below a directory, with these files; a file may be a link. */
class Roots {
  readonly #top: string;
  readonly #count: number;

  constructor(top: string, count: number, put: (etc: string, index: number) => void) {
    this.#top = top;
    this.#count = count;
    for (let index = 0; index < count; index++) {
      const etc = join(this.at(index), 'etc');
      mkdirSync(etc, { recursive: true });
      put(etc, index);
    }
  }

  at(index: number): string {
    return join(this.#top, String(index));
  }

  /** A process in each. */
  looks(container: number, uid: number): NameStep[] {
    return Array.from({ length: this.#count }, (_, index) => ['look', container, this.at(index), uid]);
  }
}

const writeBoth = (etc: string, content: string): void => {
  writeFileSync(join(etc, 'passwd'), content);
  writeFileSync(join(etc, 'group'), content);
};

describe('what containers can make the agent keep', () => {
  test('a file that many roots have, by hard links, is kept once', () => {
    withRoot((top) => {
      writeBoth(join(top, 'etc'), LARGE);
      const roots = new Roots(top, 60, (etc) => {
        for (const name of ['passwd', 'group']) linkSync(join(top, 'etc', name), join(etc, name));
      });
      const looked = testAddon.lookUpNames(roots.looks(5, 7), ALL_TIME);
      assert.deepEqual(new Set(looked.names), new Set(['u7']));
      assert.equal(looked.roots, 60);
      assert.ok(looked.bytes < 4 * LARGE.length, `${looked.bytes} bytes`);
      assert.equal(looked.unread, 0);
    });
  });

  test('a container that takes more than its share, in bytes or roots, loses what it had before, and no other does', () => {
    withRoot((top) => {
      const roots = new Roots(top, 12, (etc, index) => writeBoth(etc, line(70_000 + index) + LARGE));
      const steps: NameStep[] = [['look', 4, roots.at(0), 7], ...roots.looks(5, 7)];
      const looked = testAddon.lookUpNames(steps, ALL_TIME);
      assert.ok(looked.bytes < 2 << 20, `${looked.bytes} bytes`);
      assert.deepEqual(new Set(looked.names), new Set(['u7']), 'each name is known when it is asked for');
      assert.equal(looked.unread, 0);
      const few = testAddon.lookUpNames(steps, { ...ALL_TIME, bytesOfContainer: 1e9, rootsOfContainer: 4 });
      assert.equal(few.roots, 1 + 4);
    });
  });

  test('when all containers take too much, the one that takes most gives way', () => {
    withRoot((top) => {
      const small = new Roots(join(top, 'small'), 1, (etc) => writeBoth(etc, line(1)));
      const large = new Roots(join(top, 'large'), 1, (etc) => writeBoth(etc, LARGE));
      const steps: NameStep[] = small.looks(3, 1);
      for (let container = 10; container < 30; container++) steps.push(...large.looks(container, 7));
      // Without time for another look: the small one's is still there.
      steps.push(...small.looks(3, 1));
      const bytes = 1 << 20;
      const looked = testAddon.lookUpNames(steps, { ...ALL_TIME, bytes });
      assert.ok(looked.bytes <= bytes, `${looked.bytes} bytes`);
      assert.deepEqual([looked.names[0], looked.names.at(-1), looked.unread], ['u1', 'u1', 0]);
      assert.ok(looked.roots < 5, `${looked.roots} roots`);
    });
  });

  test('what is known of a container that is gone is freed', () => {
    withRoot((top) => {
      const roots = new Roots(top, 2, (etc) => writeBoth(etc, LARGE));
      const steps: NameStep[] = [...roots.looks(5, 7), ['forget', 5], ['forget', 6]];
      const { bytes, roots: kept } = testAddon.lookUpNames(steps, ALL_TIME);
      assert.deepEqual([bytes, kept], [0, 0]);
    });
  });

  test('a file that is larger than what is read gives no names, and each that it would have given is counted', () => {
    withRoot((top) => {
      writeFileSync(join(top, 'etc/passwd'), line(1).padEnd(LARGEST, '\n'));
      writeFileSync(join(top, 'etc/group'), '');
      const steps: NameStep[] = [
        ['look', 5, top, 1],
        ['look', 5, top, 1],
      ];
      assert.deepEqual(testAddon.lookUpNames(steps, ALL_TIME).names, ['u1', 'u1']);
      writeFileSync(join(top, 'etc/passwd'), line(1).padEnd(LARGEST + 1, '\n'));
      const looked = testAddon.lookUpNames(steps, ALL_TIME);
      assert.deepEqual([looked.names, looked.unread], [['', ''], 2]);
    });
  });
});

describe('how much time containers can take of the thread that reads events', () => {
  test('without time left nothing is read or kept, and each look is counted', () => {
    withRoot((top) => {
      const roots = new Roots(top, 20, (etc) => writeBoth(etc, line(1)));
      for (const limits of [
        { ...ALL_TIME, mostNs: 0 },
        { ...ALL_TIME, mostNsOfContainer: 0 },
      ]) {
        const looked = testAddon.lookUpNames(roots.looks(5, 1), limits);
        assert.deepEqual([new Set(looked.names), looked.roots, looked.unread], [new Set(['']), 0, 20]);
      }
    });
  });

  test('a container that has used up its share leaves others theirs, and keeps what is known', () => {
    withRoot((top) => {
      const roots = new Roots(top, 3, (etc) => writeBoth(etc, line(1)));
      const steps: NameStep[] = [...roots.looks(5, 1), ['look', 6, roots.at(1), 1], ['look', 5, roots.at(0), 1]];
      const looked = testAddon.lookUpNames(steps, { mostNs: 1e12, mostNsOfContainer: 1 });
      assert.deepEqual([looked.names, looked.unread], [['u1', '', '', 'u1', 'u1'], 2]);
    });
  });

  test('a share is one part of the time, saved up to a most; what took too long is made up for', () => {
    const steps = [
      ['left', 1_000_000],
      ['left', 2_000_000],
      ['spend', 400],
      ['left', 2_001_000],
      ['spend', 900],
      ['left', 2_001_000],
      ['left', 2_002_000],
      ['left', 2_005_000],
    ] as const;
    assert.deepEqual(testAddon.timeLeft(10, 500, steps), [500, 500, 200, -700, -600, -300]);
  });
});
