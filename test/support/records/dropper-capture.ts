// A capture of a server whose shell drops a program and runs it, with texts that a hostile process made, and the reports of such captures.

import { writeFileSync } from 'node:fs';
import { type CapturedAlert, noteBytes } from '../../../host/captures/notes/capture-notes.ts';
import { readNotes } from '../../../host/captures/notes/read-notes.ts';
import { type Report, reportOf } from '../../../host/captures/report/report.ts';
import { reportText } from '../../../host/captures/report/text.ts';
import type { State } from '../../../host/captures/state/state.ts';
import { SecretMask } from '../../../host/journal/secrets/mask-secrets.ts';
import { BLOCK_KIND } from '../../../host/recording/format.ts';
import { PayloadBuilder } from '../../../host/recording/payload.ts';
import { CONTAINER, CONTAINER_STATE } from '../../../host/schema/container.ts';
import { encodeStruct } from '../../../host/schema/encode-struct.ts';
import { DESCRIPTOR_STATE } from '../../../host/schema/event-structs.ts';
import { IMAGE_KIND } from '../../../host/schema/image.ts';
import { event, process as processImage, shadowRead } from './built-agent.ts';
import { Folder, logEntry, payloadOf, type WrittenBlock } from './recordings.ts';

const START = 1_795_528_388_365_763_965n;
const SECOND = 1_000_000_000n;
const CONTAINER_ID = '0123456789abcdef'.repeat(4);
const { SNAPSHOT, FORK, EXEC, EXIT } = IMAGE_KIND;
export const MASK = new SecretMask();
const IN_CONTAINER = { user: 'app', container: CONTAINER_ID, containerType: 'containerd' };

const HOSTILE = 'x\x1b[2J\n> 1 <script>alert(1)</script>\u202e';

export const ALERT: CapturedAlert = {
  rule: 'Dropped program run',
  priority: 'Critical',
  time: START + 2n * SECOND,
  message: 'run (command=./x --password=hunter2)',
  tags: ['mitre'],
  fields: { 'proc.cmdline': './x --password=hunter2' },
  pid: 503,
  container: CONTAINER_ID,
};

export const STATE: State = {
  taken: 1,
  milliseconds: 12,
  times: { begun: 31, fired: 34, processes: 36, files: 40, details: 43, hashes: 90 },
  processes: [
    {
      pid: 503,
      vpid: 7,
      parent: 501,
      session: 501,
      name: 'x',
      status: 'S',
      started: 1,
      arguments: ['./x', '--password=hunter2'],
      environment: ['PATH'],
      executable: { path: '/tmp/x', deleted: true, size: 9, inode: 3 },
      users: [0, 0, 0, 0],
      groups: [0, 0, 0, 0],
      supplementary: [],
      capabilities: { effective: '0', permitted: '0', bounding: '0' },
      noNewPrivileges: false,
      seccomp: 2,
      terminal: false,
      details: {
        descriptors: [
          {
            number: 3,
            target: 'socket:[1]',
            access: 'rw',
            socket: { protocol: 'tcp', local: '10.0.0.2:4000', peer: '192.0.2.7:443', status: 'established' },
          },
        ],
        executableMaps: [],
      },
    },
  ],
  mounts: [],
  listening: [{ protocol: 'tcp', address: '0.0.0.0:80', pids: [500] }],
  changed: [
    { path: '/tmp/x', kind: 'file', size: 9, mode: 0o755, user: 0, modified: 1, changed: 1, sha256: 'ab'.repeat(32) },
  ],
  missing: ['Only one of its processes was read.'],
};

export const at = (seconds: number): bigint => START + BigInt(Math.round(seconds * 1000)) * (SECOND / 1000n);
const created = { kind: 'f'.charCodeAt(0), open_flags: 0o101, state: DESCRIPTOR_STATE.CREATED, dirfd: -100 };

/**
 * A server (500) whose shell (501) drops a program, runs it (503), and connects. A cleaner (502) has nothing to do with it.
 * @param isInOrder whether the events come in order of time
 */
export function blocks(isInOrder = true): WrittenBlock[] {
  const container = new PayloadBuilder();
  container.step(1n, true);
  container.container(
    CONTAINER_ID,
    encodeStruct(CONTAINER, { state: CONTAINER_STATE.KNOWN, id: CONTAINER_ID.slice(0, 12), name: 'web' }),
  );
  const images = [
    logEntry(
      processImage(1, { kind: SNAPSHOT, comm_bytes: 'nginx', pid: 500, time: START, argv: 'nginx\0' }),
      IN_CONTAINER,
    ),
    logEntry(processImage(2, { kind: FORK, comm_bytes: 'nginx', pid: 501, parent: 1, time: at(1) }), IN_CONTAINER),
    logEntry(
      processImage(3, {
        kind: EXEC,
        comm_bytes: 'sh',
        pid: 501,
        parent: 1,
        previous: 2,
        time: at(1.1),
        argv: 'sh\0-c\0./x\0',
      }),
      IN_CONTAINER,
    ),
    logEntry(
      processImage(4, { kind: SNAPSHOT, comm_bytes: 'cleaner', pid: 502, time: START, argv: 'cleaner\0' }),
      IN_CONTAINER,
    ),
    logEntry(processImage(5, { kind: FORK, comm_bytes: 'sh', pid: 503, parent: 3, time: at(1.9) }), IN_CONTAINER),
    logEntry(
      processImage(6, {
        kind: EXEC,
        comm_bytes: 'x',
        pid: 503,
        parent: 3,
        previous: 5,
        time: at(2),
        argv: './x\0--password=hunter2\0',
      }),
      IN_CONTAINER,
    ),
  ];
  const events = [
    event('openat', 3, { ...created, time: at(1.5), raw: '/tmp/x', name: '/tmp/x', resolved: '/tmp/x' }),
    event('openat', 4, {
      ...created,
      time: at(1.6),
      raw: HOSTILE,
      name: `/tmp/${HOSTILE}`,
      resolved: `/tmp/${HOSTILE}`,
    }),
    event('execve', 6, { time: at(2) }),
    ...Array.from({ length: 3 }, () => event('unlink', 6, { time: at(2.5), raw: '/tmp/x', dirfd: -100 })),
    shadowRead(6, { time: at(3) }),
  ];
  return [
    { payload: payloadOf(images, []), events: 0 },
    { payload: container.take(), events: 0 },
    { payload: payloadOf([], isInOrder ? events : events.toReversed()), events: events.length },
    {
      payload: payloadOf([logEntry(processImage(6, { kind: EXIT, pid: 503, time: at(4), exit_code: 9 }))], []),
      events: 0,
    },
    {
      kind: BLOCK_KIND.ALERT,
      events: 0,
      payload: noteBytes({ alert: ALERT, terms: { scope: 'container', beforeMs: 30_000, afterMs: 5000 } }),
    },
    { kind: BLOCK_KIND.STATE, events: 0, payload: noteBytes(STATE) },
  ];
}

export function reportOfBytes(bytes: Uint8Array): Report {
  using folder = new Folder();
  const path = folder.file('capture.wsp');
  writeFileSync(path, bytes);
  return reportOf(path, readNotes(path));
}

export const textOf = (report: Report): string =>
  reportText(report, { width: 120, bold: (title) => `# ${title}`, mask: MASK });
