// Process images: what a lifecycle record inherits, whom it descends from, how long it is kept.

import assert from 'node:assert/strict';
import { userInfo } from 'node:os';
import { describe, test } from 'node:test';
import type { StructInput } from '../../../host/schema/encode-struct.ts';
import { EVENT_STRUCTS } from '../../../host/schema/event-structs.ts';
import { CANDIDATE_WORDS, IMAGE_FLAGS } from '../../../host/schema/image.ts';
import { BuilderCapture, SMALL } from '../../support/records/builder-capture.ts';
import { lineage, settle, shell } from '../../support/records/lineages.ts';
import { eventRecord, text } from '../../support/records/records.ts';

// Most of the time they wait, so they wait together.
describe('process images', { concurrency: true }, () => {
  test('the annex of an image', () => {
    using builder = new BuilderCapture();
    const image = builder.imageById(shell(builder).shell);
    const expected = {
      comm: 'bash',
      argv0: '-bash',
      args: '--norc  x y',
      cmdline: 'bash --norc  x y',
      cwd: '/root',
      cwd_slash: '/root/',
      environment_text: 'A=1 B=2 3',
      executable: '/bin/bash',
      cgroup: '/user.slice',
      user_name: 'root',
      group_name: 'root',
      login_name: '<NA>',
    };
    const actual = (Object.keys(expected) as (keyof typeof expected)[]).map((member) => [member, text(image, member)]);
    assert.deepEqual(Object.fromEntries(actual), expected);
    assert.equal(image.container && text(image.container, 'id'), 'host');
    assert.equal(image.big('candidates', 0), 2n ** 64n - 1n, 'every rule may match until it is known better');
  });

  test("home and shell of the user, from the host's passwd; absent for a user without a line", () => {
    using builder = new BuilderCapture();
    const { uid, homedir, shell: ownShell } = userInfo();
    const ofImage = (id: bigint) => {
      const image = builder.imageById(id);
      return [text(image, 'user_home'), text(image, 'user_shell')];
    };
    const own = builder.image('SNAPSHOT', { pid: 10, uid, comm_bytes: 'own', cgroup: '/user.slice' });
    assert.deepEqual(ofImage(own), [homedir, ownShell]);
    const fork = builder.image('FORK', { pid: 11, ppid: 10, parent: own, uid, comm_bytes: 'own' });
    assert.deepEqual(ofImage(fork), [homedir, ownShell]);
    const nobody = builder.image('CHANGE', { pid: 11, previous: fork, uid: 4_000_000, comm_bytes: 'own' });
    assert.deepEqual(ofImage(nobody), [undefined, undefined]);
    const again = builder.image('CHANGE', { pid: 11, previous: nobody, uid, comm_bytes: 'own' });
    assert.deepEqual(ofImage(again), [homedir, ownShell]);
    assert.deepEqual(ofImage(999n), [undefined, undefined], 'a process that is not known');
  });

  test('without arguments there is an empty text, not none', () => {
    using builder = new BuilderCapture();
    const thread = builder.imageById(builder.image('SNAPSHOT', { pid: 2, comm_bytes: 'kthreadd', cwd: '/' }));
    assert.deepEqual(
      (['args', 'cmdline', 'argv0', 'executable', 'environment_text', 'cwd_slash', 'argv'] as const).map((m) =>
        text(thread, m),
      ),
      ['', 'kthreadd', '', '', '', '/', undefined],
    );
    const alone = builder.imageById(builder.image('SNAPSHOT', { pid: 3, comm_bytes: 'a', argv: '/bin/a\0' }));
    assert.deepEqual(
      (['args', 'cmdline', 'argv0'] as const).map((m) => text(alone, m)),
      ['', 'a', '/bin/a'],
    );
    const emptyArgument = builder.imageById(builder.image('SNAPSHOT', { pid: 4, comm_bytes: 'a', argv: 'a\0\0' }));
    assert.equal(text(emptyArgument, 'cmdline'), 'a ');
  });

  test('a fork has its own numbers and the text of its parent', () => {
    using builder = new BuilderCapture();
    const parent = shell(builder).shell;
    const child = builder.image('FORK', { pid: 11, ppid: 10, sid: 10, pgid: 10, parent, comm_bytes: 'bash' });
    const image = builder.imageById(child);
    assert.equal(image.number('pid'), 11);
    for (const member of [
      'executable',
      'argv',
      'environment_text',
      'cmdline',
      'cwd_slash',
      'cgroup',
      'argv0',
    ] as const) {
      assert.equal(text(image, member), text(builder.imageById(parent), member), member);
    }
    assert.deepEqual(lineage(image), ['bash', 'bash', 'init']);
    assert.equal(image.sessionLeader?.number('pid'), 10);
  });

  test('a changed user has new names, and the rest of the text stays', () => {
    using builder = new BuilderCapture();
    const previous = shell(builder).shell;
    const changed = builder.image('CHANGE', { pid: 10, previous, uid: 4_000_000, gid: 4_000_000, comm_bytes: 'bash' });
    const image = builder.imageById(changed);
    assert.deepEqual(
      (['user_name', 'group_name', 'cmdline', 'cwd'] as const).map((member) => text(image, member)),
      ['<NA>', '<NA>', 'bash --norc  x y', '/root'],
    );
    assert.deepEqual(lineage(image), ['bash', 'init'], 'the parent is that of the image before');
  });

  test('a change of directory names only that', () => {
    using builder = new BuilderCapture();
    const previous = shell(builder).shell;
    const image = builder.imageById(builder.image('CHANGE', { pid: 10, previous, comm_bytes: 'bash', cwd: '/tmp' }));
    assert.deepEqual(
      (['cwd', 'cwd_slash', 'cmdline', 'environment_text'] as const).map((member) => text(image, member)),
      ['/tmp', '/tmp/', 'bash --norc  x y', 'A=1 B=2 3'],
    );
  });

  test('the executable stays what was run, though the process names another one to the kernel', () => {
    using builder = new BuilderCapture();
    const ran = { exe_inode: 7n, exe_device: 1, exe_ctime: 8n, exe_mtime: 9n, flags: IMAGE_FLAGS.EXE_UPPER_LAYER };
    const members = ['exe_inode', 'exe_device', 'exe_ctime', 'exe_mtime', 'flags'] as const;
    const named = {
      exe_inode: 70n,
      exe_device: 10,
      exe_ctime: 80n,
      exe_mtime: 90n,
      flags: IMAGE_FLAGS.EXE_LOWER_LAYER,
    };
    const facts = (id: bigint): unknown[] => {
      const image = builder.imageById(id);
      return [text(image, 'executable'), ...members.map((member) => String(image.value(member)))];
    };
    const parent = shell(builder).shell;
    const executed = { pid: 10, previous: parent, comm_bytes: 'run', executable: '/tmp/run', ...ran };
    const program = builder.image('EXEC', executed);
    const expected = facts(program);
    assert.deepEqual(expected, ['/tmp/run', '7', '1', '8', '9', '2']);
    const changed = builder.image('CHANGE', { pid: 10, previous: program, comm_bytes: 'run', cwd: '/', ...named });
    assert.deepEqual(facts(changed), expected, 'the process');
    const child = builder.image('FORK', { pid: 11, ppid: 10, parent: changed, comm_bytes: 'run', ...named });
    assert.deepEqual(facts(child), expected, 'its child');
    const next = builder.image('EXEC', { pid: 11, previous: child, comm_bytes: 'next', executable: '/next', ...named });
    assert.deepEqual(facts(next), ['/next', '70', '10', '80', '90', '8'], 'another program');
  });

  test('a program that is executed keeps its directory, but no argument that it was not given', () => {
    using builder = new BuilderCapture();
    const previous = shell(builder).shell;
    const image = builder.imageById(builder.image('EXEC', { pid: 10, previous, comm_bytes: 'cat' }));
    assert.deepEqual(
      (['cwd', 'args', 'argv', 'environment', 'executable'] as const).map((member) => text(image, member)),
      ['/root', '', undefined, undefined, ''],
    );
  });

  test('a program has the name of the connection that it was started on, and so have its forks', () => {
    using builder = new BuilderCapture();
    const { shell: parent } = shell(builder);
    const name = (id: bigint) => text(builder.imageById(id), 'stream_name');
    const socket = { kind: '4'.charCodeAt(0), local_port: 4000, remote_port: 22, role: 1 };
    const ends = { local_address: Uint8Array.of(10, 0, 0, 1), remote_address: Uint8Array.of(10, 0, 0, 2) };
    const stream = eventRecord('dup', { ...socket, ...ends }).subarray(0, EVENT_STRUCTS.descriptor.size);
    const exec = (previous: bigint, members: StructInput) =>
      builder.image('EXEC', { pid: 10, previous, comm_bytes: 'sh', executable: '/bin/sh', ...members });
    const started = exec(parent, { stream });
    assert.equal(name(parent), undefined);
    assert.equal(name(started), '10.0.0.1:4000->10.0.0.2:22');
    const forked = builder.image('FORK', { pid: 11, ppid: 10, parent: started, comm_bytes: 'sh' });
    assert.equal(name(forked), '10.0.0.1:4000->10.0.0.2:22');
    const changed = builder.image('CHANGE', { pid: 11, previous: forked, comm_bytes: 'sh', cwd: '/' });
    assert.equal(name(changed), '10.0.0.1:4000->10.0.0.2:22');
    assert.equal(name(exec(started, {})), undefined);
    assert.equal(name(exec(started, { stream: stream.subarray(0, 40) })), undefined, 'no whole descriptor');
  });

  test('a double fork does not hide where a process came from, even when the ones between are gone', async () => {
    using builder = new BuilderCapture();
    const { shell: parent } = shell(builder);
    const middle = builder.image('FORK', { pid: 20, ppid: 10, parent, comm_bytes: 'middle' });
    const daemon = builder.image('FORK', { pid: 21, ppid: 20, parent: middle, comm_bytes: 'daemon' });
    builder.image('EXIT', { id: middle, pid: 20, exit_code: 256 });
    builder.image('EXIT', { id: parent, pid: 10 });
    await settle(builder);
    const image = builder.imageById(daemon);
    assert.deepEqual(lineage(image), ['daemon', 'middle', 'bash', 'init']);
    assert.equal(image.parent?.number('flags'), IMAGE_FLAGS.EXITED);
    assert.equal(image.parent?.number('exit_code'), 256);
    assert.equal(builder.capture.counters().images, 4);
  });

  test('what no process descends from is freed, once its events cannot be in the rings any more', async () => {
    using builder = new BuilderCapture();
    const { shell: parent } = shell(builder);
    const child = builder.image('FORK', { pid: 20, ppid: 10, parent, comm_bytes: 'child' });
    const execed = builder.image('EXEC', { pid: 20, ppid: 10, parent, previous: child, comm_bytes: 'cat' });
    builder.image('EXIT', { id: execed, pid: 20 });
    // A late event of it, which the reader has not come to yet.
    assert.equal(text(builder.imageById(child), 'comm'), 'child');
    assert.equal(text(builder.imageById(execed), 'comm'), 'cat');
    await settle(builder);
    assert.equal(builder.capture.counters().images, 2);
    const gone = builder.imageById(execed);
    assert.equal(gone.number('flags'), IMAGE_FLAGS.UNKNOWN);
    assert.equal(text(gone, 'comm'), '<NA>');
    assert.equal(gone.container && text(gone.container, 'id'), undefined, 'nobody can say that it is on the host');
    assert.ok(builder.capture.counters().unknownImages >= 1);
  });

  test('an image outlives its process while an event of it waits in a ring', async () => {
    using builder = new BuilderCapture();
    const image = builder.image('SNAPSHOT', { pid: 30, comm_bytes: 'late' });
    builder.poll();
    const commit = builder.uncommitted('setuid', { image, cpu: 1 });
    builder.image('EXIT', { id: image, pid: 30 });
    await settle(builder);
    commit();
    const [event] = builder.poll();
    assert.equal(event?.image && text(event.image, 'comm'), 'late');
  });

  test('a pid that is used again belongs to the new process', async () => {
    using builder = new BuilderCapture();
    const { shell: parent } = shell(builder);
    const first = builder.image('FORK', { pid: 50, ppid: 10, parent, comm_bytes: 'first', start_time: 1 });
    const child = builder.image('FORK', { pid: 51, ppid: 50, parent: first, comm_bytes: 'child' });
    builder.image('EXIT', { id: first, pid: 50 });
    const second = builder.image('FORK', { pid: 50, ppid: 1, parent: 1n, comm_bytes: 'second', start_time: 2 });
    await settle(builder);
    assert.deepEqual(lineage(builder.imageById(child)), ['child', 'first', 'bash', 'init']);
    assert.deepEqual(lineage(builder.imageById(second)), ['second', 'init']);
    // The exit of the first may come late: it does not end the second.
    builder.image('EXIT', { id: first, pid: 50 });
    await settle(builder);
    assert.equal(text(builder.imageById(second), 'comm'), 'second');
  });

  test('a chain of 20 processes', () => {
    using builder = new BuilderCapture();
    let parent = builder.image('SNAPSHOT', { pid: 100, comm_bytes: 'p0' });
    for (let depth = 1; depth <= 20; depth++) {
      const forked = builder.image('FORK', { pid: 100 + depth, ppid: 99 + depth, parent, comm_bytes: `f${depth}` });
      parent = builder.image('EXEC', {
        pid: 100 + depth,
        parent,
        previous: forked,
        comm_bytes: `p${depth}`,
        argv: 'x\0',
      });
    }
    const names = lineage(builder.imageById(parent));
    assert.deepEqual(
      names,
      [...Array(21).keys()].map((depth) => `p${20 - depth}`),
    );
  });

  test('processes of the snapshot that come before their parent are linked by its pid', () => {
    using builder = new BuilderCapture();
    const child = builder.image('SNAPSHOT', { pid: 5, ppid: 9, sid: 9, pgid: 9, comm_bytes: 'child', start_time: 20 });
    builder.image('SNAPSHOT', { pid: 9, ppid: 1, sid: 9, pgid: 9, comm_bytes: 'parent', start_time: 10 });
    const wrong = builder.image('SNAPSHOT', { pid: 6, ppid: 7, comm_bytes: 'older', start_time: 30 });
    builder.image('SNAPSHOT', { pid: 7, ppid: 1, comm_bytes: 'younger', start_time: 40 });
    builder.capture.start([]);
    const image = builder.imageById(child);
    assert.deepEqual(lineage(image), ['child', 'parent']);
    assert.equal(image.sessionLeader && text(image.sessionLeader, 'comm'), 'parent');
    assert.equal(image.groupLeader && text(image.groupLeader, 'comm'), 'parent');
    assert.deepEqual(lineage(builder.imageById(wrong)), ['older'], 'a parent is not younger than its child');
  });

  test('the session leader of a process is known after it has ended', async () => {
    using builder = new BuilderCapture();
    const { shell: leader } = shell(builder);
    const child = builder.image('FORK', { pid: 60, ppid: 10, sid: 10, pgid: 60, parent: leader, comm_bytes: 'bash' });
    builder.image('EXIT', { id: leader, pid: 10 });
    const changed = builder.image('CHANGE', {
      pid: 60,
      sid: 10,
      pgid: 60,
      previous: child,
      comm_bytes: 'bash',
      uid: 7,
    });
    await settle(builder);
    const image = builder.imageById(changed);
    assert.equal(image.sessionLeader?.number('pid'), 10);
    assert.equal(image.groupLeader?.number('pid'), 60);
    assert.equal(image.groupLeader?.address, image.address, 'it leads its own group');
  });

  test('a snapshot that races with an exec leaves the image whose id the kernel kept', async () => {
    using builder = new BuilderCapture();
    const execed = builder.image('EXEC', { pid: 70, start_time: 5, comm_bytes: 'execed' });
    const snapshot = builder.image('SNAPSHOT', { pid: 70, start_time: 5, comm_bytes: 'snapshot' });
    await settle(builder);
    assert.equal(text(builder.imageById(execed), 'comm'), 'execed');
    assert.equal(text(builder.imageById(snapshot), 'comm'), 'snapshot');
    builder.image('EXIT', { id: execed, pid: 70 });
    await settle(builder);
    assert.equal(builder.capture.counters().images, 0);
  });

  test('a process keeps the start that its first image has, although the clocks are measured again', async () => {
    using builder = new BuilderCapture();
    const start = 1_700_000_000_000_000_000n;
    const forked = builder.image('FORK', { pid: 80, start_time: start, comm_bytes: 'forked' });
    const ran = builder.image('EXEC', { pid: 80, start_time: start + 5_000n, previous: forked, comm_bytes: 'ran' });
    // A clock that was set: it is the same process all the same.
    const later = start - 3_600_000_000_000n;
    const changed = builder.image('CHANGE', { pid: 80, start_time: later, previous: ran, comm_bytes: 'ran', uid: 7 });
    const snapshot = builder.image('SNAPSHOT', { pid: 80, start_time: start - 3_000n, comm_bytes: 'ran' });
    const again = builder.image('FORK', { pid: 80, start_time: start + 1_000n, comm_bytes: 'again' });
    builder.poll();
    const starts = [forked, ran, changed, snapshot, again].map((id) => builder.imageById(id).big('start_time'));
    assert.deepEqual(starts, [start, start, start, start, start + 1_000n]);
  });

  test('a thread has images of its own beside those of its process', async () => {
    using builder = new BuilderCapture();
    const { shell: leader } = shell(builder);
    const ofThread = { pid: 10, ppid: 1, comm_bytes: 'bash', flags: IMAGE_FLAGS.THREAD };
    const moved = builder.image('CHANGE', { ...ofThread, previous: leader, cwd: '/tmp' });
    const again = builder.image('CHANGE', { ...ofThread, previous: moved, cwd: '/var', uid: 7 });
    const other = builder.image('CHANGE', { ...ofThread, previous: leader, cwd: '/usr' });
    await settle(builder);
    const cwds = (...ids: readonly bigint[]) => ids.map((id) => text(builder.imageById(id), 'cwd'));
    assert.deepEqual(cwds(leader, moved, again, other), ['/root', undefined, '/var', '/usr']);
    assert.deepEqual(lineage(builder.imageById(again)), ['bash', 'init']);
    // The process goes on, and the thread's end is not its own; what is not known any more ends nothing.
    const changed = builder.image('CHANGE', { pid: 10, ppid: 1, previous: leader, comm_bytes: 'bash', cwd: '/home' });
    builder.image('EXIT', { id: other, pid: 10, flags: IMAGE_FLAGS.THREAD });
    builder.image('EXIT', { id: 9_999n, pid: 10, flags: IMAGE_FLAGS.THREAD });
    await settle(builder);
    assert.deepEqual(cwds(leader, again, other, changed), [undefined, '/var', undefined, '/home']);
    // It runs a program: of the process and the thread nothing is left but that.
    const execed = builder.image('EXEC', { pid: 10, previous: again, comm_bytes: 'cat', argv: 'cat\0' });
    await settle(builder);
    assert.deepEqual(cwds(again, changed, execed), [undefined, undefined, '/var']);
    assert.deepEqual(lineage(builder.imageById(execed)), ['cat', 'init']);
    builder.image('EXIT', { id: execed, pid: 10 });
    await settle(builder);
    assert.equal(builder.capture.counters().images, 1);
  });

  test('takeImages gives each image once, and setCandidates narrows it', () => {
    using builder = new BuilderCapture();
    const id = shell(builder).shell;
    builder.poll();
    const addresses = new Uint32Array(16);
    // The image that stands in for unknown ones is the first.
    assert.equal(builder.capture.takeImages(addresses), 3);
    assert.equal(builder.capture.takeImages(addresses.subarray(8)), 0);
    const address = addresses[2] ?? 0;
    builder.capture.setCandidates(address, new BigUint64Array([5n, 0n]));
    const image = builder.imageById(id);
    assert.equal(image.address, address);
    assert.deepEqual(
      [0, 1, 2].map((word) => image.big('candidates', word)),
      [5n, 0n, 2n ** 64n - 1n],
    );
    builder.capture.setCandidates(address, new BigUint64Array([7n]), 1);
    assert.deepEqual(
      [0, 1, CANDIDATE_WORDS, CANDIDATE_WORDS + 1].map((word) => image.big('candidates', word)),
      [5n, 0n, 7n, 2n ** 64n - 1n],
    );
    assert.throws(() => builder.capture.setCandidates(address, new BigUint64Array(1), 2), TypeError);
    assert.throws(() => builder.capture.setCandidates(address + 8, new BigUint64Array(1)), { code: 'CAPTURE_IMAGE' });
    assert.throws(() => builder.capture.setCandidates(0, new BigUint64Array(1)), { code: 'CAPTURE_IMAGE' });
  });
});

test('the lifecycle ring begins anew many times without an image being lost or torn', () => {
  using builder = new BuilderCapture({ ...SMALL, imageBudget: 64 << 20 });
  const names = new Map<bigint, string>();
  // The ring has 8 MB.
  for (let written = 0; written < 20 << 20; written += 4096) {
    const argv = `cat\0${'x'.repeat(3000 + ((names.size * 37) % 1000))}\0${names.size}\0`;
    const pid = 1000 + names.size;
    names.set(builder.image('EXEC', { pid, owner: pid, comm: 'cat', argv }), argv);
    if (names.size % 100 === 0) {
      for (const [id, expected] of [...names].slice(-100)) assert.equal(text(builder.imageById(id), 'argv'), expected);
    }
  }
  const { malformed, imagesLost } = builder.capture.counters();
  assert.deepEqual({ malformed, imagesLost }, { malformed: 0, imagesLost: 0 });
});
