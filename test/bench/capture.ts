// What the addon costs an event before any rule looks at it: walking, checking, completing, and taking in images.
// usage: node_modules/.bin/node test/bench/capture.ts [--quick]; needs no privilege.

import type { StructInput } from '../../host/schema/encode-struct.ts';
import { IMAGE_KIND } from '../../host/schema/image.ts';
import { BuilderCapture } from '../support/records/builder-capture.ts';
import { eventRecord, imageRecord } from '../support/records/records.ts';
import type { Benchmark, Figure, Session } from './figure.ts';
import { renderFigures } from './table.ts';

const AT_FDCWD = -100;
const PROCESSES = 64;
const EVENTS = 20_000;
const SIZES = { ringBudget: 64 << 20, imageBudget: 64 << 20, containerBudget: 1 << 20, cpus: 2 };
const LIBRARY = { raw: '/usr/lib/x86_64-linux-gnu/libc.so.6', resolved: '/usr/lib/x86_64-linux-gnu/libc.so.6' };

function address(...bytes: number[]): Uint8Array {
  return Uint8Array.from([...bytes, ...Array(16 - bytes.length).fill(0)]);
}

const CASES: readonly { what: string; type: string; input: StructInput; processes: number }[] = [
  { what: 'openat, absolute path, one process', type: 'openat', input: LIBRARY, processes: 1 },
  { what: 'openat, absolute path, 64 processes in turn', type: 'openat', input: LIBRARY, processes: PROCESSES },
  { what: 'openat, relative path', type: 'openat', input: { ...LIBRARY, raw: '../lib/./libc.so.6' }, processes: 1 },
  {
    what: 'connect, IPv4',
    type: 'connect',
    input: {
      kind: 52,
      role: 1,
      local_address: address(10, 0, 0, 5),
      local_port: 40_000,
      remote_address: address(93, 184, 216, 34),
      remote_port: 443,
    },
    processes: 1,
  },
  { what: 'setuid: no name to make', type: 'setuid', input: {}, processes: 1 },
];

/** Processes to make events of: with the text that a shell's child has. */
function processes(builder: BuilderCapture): bigint[] {
  const argv = '/usr/bin/cat\0-n\0/etc/hosts\0';
  const environment = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin\0HOME=/root\0'.repeat(10);
  const texts = { argv, environment, cwd: '/usr/bin', cgroup: '/user.slice/user-0.slice/session-1.scope' };
  return Array.from({ length: PROCESSES }, (_, n) =>
    builder.image('SNAPSHOT', { pid: 100 + n, comm_bytes: 'cat', executable: '/usr/bin/cat', ...texts }),
  );
}

/** ns an event of polling until the rings are empty. */
function readAll(builder: BuilderCapture, count: number): number {
  const began = process.hrtime.bigint();
  while (builder.capture.poll(builder.segments, 0) > 0) builder.capture.release();
  return Number(process.hrtime.bigint() - began) / count;
}

function measureEvents(session: Session): Figure[] {
  return CASES.map(({ what, type, input, processes: count }) => {
    session.progress(what);
    using builder = new BuilderCapture(SIZES);
    const images = processes(builder).slice(0, count);
    const dirfd = type === 'openat' ? { dirfd: AT_FDCWD, kind: 102 } : {};
    const records = images.map((image) => eventRecord(type, { ...dirfd, ...input, image }));
    const samples: number[] = [];
    for (let round = 0; round < (session.quick ? 5 : 25); round++) {
      for (let n = 0; n < EVENTS; n++) builder.inject(records[n % records.length] ?? new Uint8Array());
      samples.push(readAll(builder, EVENTS));
    }
    // The first round finds cold memory: the ring is 32 MB.
    return { what, unit: 'ns', samples: samples.slice(2) };
  });
}

/** A fork and the exit after it, as a fork bomb has them; and an exec with all its text. */
function measureImages(session: Session): Figure[] {
  const count = 2000;
  const figure = (what: string, records: (parent: bigint, n: number) => Uint8Array[]): Figure => {
    session.progress(what);
    const samples: number[] = [];
    for (let round = 0; round < (session.quick ? 3 : 9); round++) {
      using builder = new BuilderCapture(SIZES);
      const [parent = 0n] = processes(builder);
      builder.poll();
      for (let n = 0; n < count; n++) for (const record of records(parent, n)) builder.injectImage(record);
      samples.push(readAll(builder, count));
    }
    return { what, unit: 'ns', samples: samples.slice(1) };
  };
  return [
    figure('fork and exit', (parent, n) => {
      const id = BigInt(1000 + n);
      const pid = 5000 + n;
      const forked = { kind: IMAGE_KIND.FORK, id, parent, pid, ppid: 100, comm_bytes: 'cat' };
      return [imageRecord(forked), imageRecord({ kind: IMAGE_KIND.EXIT, id, pid })];
    }),
    figure('exec, 900 bytes of text', (parent, n) => [
      imageRecord({
        kind: IMAGE_KIND.EXEC,
        id: BigInt(1000 + n),
        parent,
        pid: 5000 + n,
        comm_bytes: 'ls',
        executable: '/usr/bin/ls',
        argv: 'ls\0-l\0',
        environment: 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin\0HOME=/root\0'.repeat(10),
        cwd: '/root',
        cgroup: '/user.slice/user-0.slice/session-1.scope',
      }),
    ]),
  ];
}

export const CAPTURE: Benchmark = {
  name: 'capture',
  summary: 'what the addon costs an event or a process image, without rules',
  run: async (session) => [...measureEvents(session), ...measureImages(session)],
};

if (import.meta.main) {
  const session = { run: [], quick: process.argv.includes('--quick'), progress: () => {} };
  console.log(renderFigures(CAPTURE.summary, await CAPTURE.run(session)));
}
