// Children in savefiles: readers make one by an event of its parent, or by its own clone, whichever comes first.

import { before, test } from 'node:test';
import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import type { StructInput } from '../../../host/schema/encode-struct.ts';
import { event, moduleOf } from '../../support/records/built-agent.ts';
import { assertSame, CHANGE, EXEC, EXPORT_RULES, FORK, image, SNAPSHOT, START } from '../../support/records/exports.ts';
import { payloadOf } from '../../support/records/recordings.ts';

process.env.TZ = 'UTC';

let module: RuleModule;
before(async () => {
  module = await moduleOf(EXPORT_RULES);
});

async function assertExported(images: readonly Uint8Array[], events: readonly Uint8Array[]): Promise<void> {
  await assertSame(module, [{ payload: payloadOf(images, events), events: events.length }]);
}

const SHELL = { comm_bytes: 'sh', pid: 500, ppid: 1, argv: 'sh\0', cwd: '/' };
const CHILD = { ...SHELL, pid: 501, ppid: 500, parent: 1n, start_time: START + 2n };
const common = { fd: -1, result: 0 };
const cloned = (imageId: number, result: number, input: StructInput = {}): Uint8Array =>
  event('clone', imageId, { ...common, time: START + 2n, tid: 500, result, ...input });
const removed = (imageId: number, tid: number, after: bigint): Uint8Array =>
  event('unlink', imageId, { ...common, time: START + after, tid, dirfd: -100, raw: '/x' });
const IP = {
  ...{ kind: '4'.charCodeAt(0), l4: 6, role: 1, state: 1, local_port: 40_000, remote_port: 443 },
  ...{ local_address: Uint8Array.of(10, 0, 0, 1), remote_address: Uint8Array.of(10, 0, 0, 2) },
};
const FILE = { kind: 'f'.charCodeAt(0), resolved: '/srv/tool' };
const duplicated = (imageId: number, tid: number, after: bigint, input: StructInput): Uint8Array => {
  const { new_fd = 3 } = input;
  return event('dup2', imageId, { ...common, time: START + after, tid, result: new_fd, fd: new_fd, new_fd, ...input });
};

test('a parent that changes between its clone and the first event of its child', async () => {
  const common = { tid: 500, fd: -1, result: 0 };
  const duplicated = (resolved: string, [old_fd, new_fd]: readonly [number, number]) => {
    return { kind: 'f'.charCodeAt(0), resolved, old_fd, new_fd, fd: new_fd, result: new_fd };
  };
  const ofParent = { comm_bytes: 'sh', pid: 500, ppid: 1, argv: 'sh\0' };
  const ofChild = { comm_bytes: 'sh', pid: 501, ppid: 500, parent: 1n, argv: 'sh\0', start_time: START + 2n };
  await assertExported(
    [
      image(1, { kind: SNAPSHOT, ...ofParent, cwd: '/old' }),
      image(2, { kind: FORK, ...ofChild, cwd: '/old' }),
      image(3, { kind: CHANGE, ...ofParent, previous: 1n, cwd: '/new', uid: 33, gid: 33 }),
      image(4, { kind: CHANGE, ...ofChild, previous: 2n, cwd: '/new', uid: 33, gid: 33 }),
      image(5, { kind: FORK, ...ofChild, pid: 502, cwd: '/old' }),
    ],
    [
      event('dup2', 1, { ...common, time: START + 1n, ...duplicated('/before', [3, 10]) }),
      event('clone', 1, { ...common, time: START + 2n, result: 501 }),
      event('clone', 1, { ...common, time: START + 2n, result: 502 }),
      event('dup2', 3, { ...common, time: START + 3n, ...duplicated('/after', [3, 10]) }),
      // The first child makes the same changes, which a savefile has no events of either; the second is as its parent was.
      event('dup2', 4, { ...common, time: START + 4n, tid: 501, ...duplicated('/after', [3, 11]) }),
      event('dup2', 5, { ...common, time: START + 5n, tid: 502, ...duplicated('/before', [3, 11]) }),
      event('dup2', 5, { ...common, time: START + 6n, tid: 502, ...duplicated('/after', [10, 11]) }),
    ],
  );
});

for (const isRecorded of [true, false]) {
  test(`a parent has run another program, and its standard input is another, before the first event of a child whose fork is ${isRecorded ? '' : 'not '}recorded`, async () => {
    const kind = isRecorded ? FORK : CHANGE;
    await assertExported(
      [
        image(1, { kind: SNAPSHOT, ...SHELL }),
        image(2, { kind, ...CHILD }),
        image(3, {
          kind: EXEC,
          ...SHELL,
          previous: 1n,
          comm_bytes: 'nc',
          argv: 'nc\0',
          executable: '/bin/nc',
          flags: 1,
        }),
        image(4, {
          kind: EXEC,
          ...CHILD,
          previous: 2n,
          comm_bytes: 'ls',
          argv: 'ls\0',
          executable: '/bin/ls',
          flags: 1,
        }),
      ],
      [
        duplicated(1, 500, 1n, { ...IP, old_fd: 4, new_fd: 0 }),
        cloned(1, 501),
        event('execve', 3, { ...common, time: START + 3n, tid: 500, raw: '/bin/nc' }),
        duplicated(3, 500, 4n, { ...FILE, old_fd: 5, new_fd: 0 }),
        event('execve', 4, { ...common, time: START + 5n, tid: 501, raw: '/bin/ls' }),
        duplicated(4, 501, 6n, { ...FILE, old_fd: 0, new_fd: 6 }),
      ],
    );
  });
}

test('a parent has unshared the pid namespace of its children (unshare --pid)', async () => {
  await assertExported(
    [image(1, { kind: SNAPSHOT, ...SHELL }), image(2, { kind: FORK, ...CHILD, vpid: 1 })],
    [cloned(1, 501), removed(2, 501, 3n)],
  );
});

test("a thread in a pid namespace makes a child, whose number there is another process's outside", async () => {
  const daemon = { ...SHELL, comm_bytes: 'daemon', argv: 'daemon\0', pid: 12, sid: 12 };
  await assertExported(
    [
      image(1, { kind: SNAPSHOT, ...SHELL, vpid: 1 }),
      image(2, { kind: SNAPSHOT, ...daemon }),
      image(3, { kind: FORK, ...CHILD, vpid: 12 }),
    ],
    [removed(1, 503, 1n), cloned(1, 12, { tid: 503 }), removed(2, 12, 3n), removed(3, 501, 4n)],
  );
});

test('a child that was there at the beginning, before the clone of its parent', async () => {
  await assertExported(
    [
      image(1, { kind: SNAPSHOT, ...SHELL }),
      image(2, { kind: SNAPSHOT, ...CHILD, comm_bytes: 'cat', argv: 'cat\0', cwd: '/c', uid: 33, gid: 33, sid: 501 }),
    ],
    [cloned(1, 501), removed(2, 501, 3n)],
  );
});

test('a descriptor that closes on exec is duplicated to itself', async () => {
  await assertExported(
    [
      image(1, { kind: SNAPSHOT, ...SHELL }),
      image(2, { kind: EXEC, ...SHELL, previous: 1n, comm_bytes: 'ls', argv: 'ls\0', executable: '/bin/ls', flags: 1 }),
    ],
    [
      event('openat', 1, {
        ...FILE,
        time: START + 1n,
        tid: 500,
        fd: 3,
        result: 3,
        dirfd: -100,
        state: 2,
        raw: '/srv/tool',
        open_flags: 0x80000,
      }),
      duplicated(1, 500, 2n, { ...FILE, old_fd: 3 }),
      event('execve', 2, { ...common, time: START + 3n, tid: 500, raw: '/bin/ls' }),
      event('fchmod', 2, { ...common, ...FILE, time: START + 4n, tid: 500, fd: 3, mode: 0o755 }),
    ],
  );
});
