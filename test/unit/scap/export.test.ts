// Recordings that are exported as savefiles: a replay of the savefile raises the alerts of a replay of the recording.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { before, test } from 'node:test';
import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import { EVENT_TYPES } from '../../../host/schema/events/index.ts';
import { event, moduleOf } from '../../support/records/built-agent.ts';
import {
  AT,
  assertSame,
  CHANGE,
  CONTAINER_ID,
  EXEC,
  EXIT,
  EXPORT_RULES,
  FILE,
  FORK,
  image,
  SNAPSHOT,
  START,
} from '../../support/records/exports.ts';
import { Folder, payloadOf, replayRecording, writeBlocks } from '../../support/records/recordings.ts';
import { exportRecording } from '../../support/records/scap-files.ts';

process.env.TZ = 'UTC';

let module: RuleModule;
before(async () => {
  module = await moduleOf(EXPORT_RULES);
});

test('a shell, its children and their files', async () => {
  const address = (text: string) => Uint8Array.from(text.split('.'), Number);
  const lines = await assertSame(module, [
    {
      payload: payloadOf(
        [
          image(1, { kind: SNAPSHOT, comm_bytes: 'init', pid: 1, argv: 'init\0' }),
          image(2, {
            kind: SNAPSHOT,
            comm_bytes: 'bash',
            pid: 500,
            ppid: 1,
            parent: 1n,
            argv: 'bash\0-l\0',
            cwd: '/home',
          }),
        ],
        [
          event('openat', 2, {
            ...AT,
            ...FILE,
            tid: 500,
            raw: 'x/../notes',
            resolved: '/home/notes',
            open_flags: 0x8241,
            mode: 0o644,
          }),
        ],
      ),
      events: 1,
    },
    {
      payload: payloadOf(
        [
          image(3, {
            kind: FORK,
            comm_bytes: 'bash',
            pid: 501,
            ppid: 500,
            parent: 2n,
            argv: 'bash\0-l\0',
            cwd: '/home',
            start_time: START + 5n,
          }),
          image(4, {
            kind: EXEC,
            comm_bytes: 'cat',
            pid: 501,
            ppid: 500,
            parent: 2n,
            previous: 3n,
            argv: 'cat\0shadow\0',
            cwd: '/etc',
            start_time: START + 5n,
            executable: '/usr/bin/cat',
            flags: 1,
          }),
          image(5, {
            kind: CHANGE,
            comm_bytes: 'cat',
            pid: 501,
            ppid: 500,
            parent: 2n,
            previous: 4n,
            argv: 'cat\0shadow\0',
            cwd: '/',
            uid: 33,
            gid: 33,
            start_time: START + 5n,
            executable: '/usr/bin/cat',
            flags: 1,
          }),
          image(6, {
            kind: FORK,
            comm_bytes: 'nginx',
            pid: 600,
            ppid: 501,
            parent: 4n,
            argv: 'nginx\0',
            cgroup: `/docker/${CONTAINER_ID}`,
            vpid: 1,
            start_time: START + 6n,
          }),
        ],
        [
          event('execve', 4, { ...AT, tid: 501, result: 0, fd: -1, raw: '/bin/cat' }),
          event('openat', 4, { ...AT, ...FILE, tid: 501, raw: 'shadow', resolved: '/srv/shadow', open_flags: 0x80000 }),
          event('open', 5, {
            ...AT,
            ...FILE,
            tid: 501,
            result: -13,
            fd: -1,
            kind: 0,
            raw: '../root/.ssh',
            open_flags: 2,
          }),
          event('unlinkat', 5, {
            ...AT,
            tid: 501,
            result: 0,
            fd: 7,
            dirfd: 7,
            raw: 'gone',
            directory: '/var/log',
            call_flags: 0x200,
          }),
          event('renameat2', 6, {
            ...AT,
            tid: 600,
            result: 0,
            fd: -1,
            old_raw: '/a',
            new_raw: 'b',
            old_dirfd: -100,
            new_dirfd: 8,
            new_directory: '/d',
            call_flags: 1,
          }),
          event('symlinkat', 6, {
            ...AT,
            tid: 600,
            result: 0,
            fd: -1,
            old_raw: '/etc/shadow',
            new_raw: 'l',
            new_dirfd: -100,
          }),
          event('setuid', 5, { ...AT, tid: 501, result: 0, fd: -1, numbers: [33n, 0n, 0n, 0n] }),
          event('fchmod', 5, {
            ...AT,
            tid: 501,
            result: 0,
            fd: 9,
            kind: 'f'.charCodeAt(0),
            resolved: '/srv/tool',
            mode: 0o4755,
          }),
          event('connect', 6, {
            ...AT,
            ...{ tid: 600, result: 0, fd: 5, kind: '4'.charCodeAt(0), l4: 6, role: 1, state: 3 },
            ...{
              local_address: address('10.0.0.1'),
              local_port: 40_000,
              remote_address: address('10.0.0.2'),
              remote_port: 443,
            },
            ...{ passed_family: 2, passed_port: 443, passed_address: address('10.0.0.2') },
          }),
          event('dup2', 6, {
            ...AT,
            ...{ tid: 600, result: 1, fd: 1, old_fd: 5, new_fd: 1, kind: '4'.charCodeAt(0), l4: 6, role: 1, state: 1 },
            ...{
              local_address: address('10.0.0.1'),
              local_port: 40_000,
              remote_address: address('10.0.0.2'),
              remote_port: 443,
            },
          }),
          event('sendto', 6, {
            ...AT,
            ...{
              tid: 600,
              result: 3,
              fd: 6,
              kind: '4'.charCodeAt(0),
              l4: 17,
              role: 1,
              state: 2,
              data: 'abc',
              length: 3,
            },
            ...{
              local_address: address('10.0.0.1'),
              local_port: 5,
              remote_address: address('8.8.8.8'),
              remote_port: 53,
            },
            ...{ passed_family: 2, passed_port: 53, passed_address: address('8.8.8.8') },
          }),
        ],
      ),
      events: 11,
    },
    {
      payload: payloadOf(
        [
          image(7, { kind: EXIT, pid: 500, start_time: START }).subarray(0),
          image(8, {
            kind: FORK,
            comm_bytes: 'late',
            pid: 700,
            ppid: 501,
            parent: 5n,
            argv: 'late\0',
            start_time: START + 9n,
          }),
        ],
        [
          event('openat', 8, {
            time: START + 9_000_000_000n,
            ...FILE,
            tid: 701,
            flags: 2,
            raw: '/x',
            resolved: '/x',
            open_flags: 0x10000,
            kind: 'd'.charCodeAt(0),
          }),
        ],
      ),
      events: 1,
    },
  ]);
  assert.equal(lines.length, 13);
  assert.match(lines.at(-1) ?? '', /parent=cat gparent=bash/);
});

test('calls on files with another path are one event each, and rules see both paths', async () => {
  const file = { ...AT, tid: 500, fd: 3, kind: 'f'.charCodeAt(0), resolved: '/srv/tool' };
  const elsewhere = '/mnt/tool';
  const mapping = { ...file, call_flags: 2, mode: 5 };
  const lines = await assertSame(module, [
    {
      payload: payloadOf(
        [image(1, { kind: SNAPSHOT, comm_bytes: 'sh', pid: 500, ppid: 1, argv: 'sh\0', cwd: '/' })],
        [
          event('mmap', 1, { ...mapping, result: 0x7f00_0000_0000n, numbers: [0n, 4096n, 0n], elsewhere }),
          event('fchmod', 1, { ...file, result: 0, mode: 0o755, elsewhere }),
          event('fchmod', 1, { ...file, result: -1, mode: 0o700, elsewhere }),
          event('dup2', 1, { ...file, result: 4, fd: 4, old_fd: 3, new_fd: 4, elsewhere }),
          event('fchmod', 1, { ...file, time: AT.time + 5n, fd: 4, result: 0, mode: 0o711 }),
          event('mmap', 1, { ...mapping, time: AT.time + 9n, result: 0x7f00_0001_0000n, numbers: [0n, 4096n, 0n] }),
        ],
      ),
      events: 6,
    },
  ]);
  assert.equal(lines.filter((line) => line.includes('tid=500')).length, 2);
  assert.equal(lines.filter((line) => line.includes('other path of')).length, 4);
});

test('all types of events that savefiles have', async () => {
  const events = EVENT_TYPES.map(({ name: type }, index) =>
    event(type, 1, { time: START + BigInt(index), tid: 100, result: 0, fd: -1 }),
  );
  using folder = new Folder();
  const { bytes } = writeBlocks([
    { payload: payloadOf([image(1, { kind: SNAPSHOT, pid: 100 })], events), events: events.length },
  ]);
  writeFileSync(folder.file('a.wsp'), bytes);
  assert.equal(await exportRecording(folder.file('a.wsp'), folder.file('a.scap')), events.length);
  const { text, report } = await replayRecording(folder.file('a.scap'), module);
  const types = new Set(text.map((line) => line.split(' ')[3]));
  assert.deepEqual(report.damage, []);
  assert.deepEqual(
    EVENT_TYPES.map(({ name: type }) => type).filter((type) => !types.has(type)),
    [],
  );
});
