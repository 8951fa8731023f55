// Process images that tests of them begin with, and how long an image outlives its process.

import { setTimeout as sleep } from 'node:timers/promises';
import type { ImageRecord } from '../../../host/fields/record.ts';
import type { BuilderCapture } from './builder-capture.ts';
import { text } from './records.ts';

/** Longer than an image outlives its process; see kGraceNs in native/src/capture/housekeeping.cc. */
const GRACE_MS = 520;

export function lineage(image: ImageRecord): string[] {
  return [image, ...image.ancestors()].map((ancestor) => text(ancestor, 'comm') ?? '?');
}

/** Lets a grace period pass from now on: what has ended is freed unless a descendant needs it. */
export async function settle(builder: BuilderCapture): Promise<void> {
  // One may be under way already; what ended since waits for the next.
  for (let round = 0; round < 2; round++) {
    builder.poll();
    builder.poll();
    await sleep(GRACE_MS);
  }
  builder.poll();
}

/** init (pid 1) and a shell (pid 10) with arguments, environment and cwd. */
export function shell(builder: BuilderCapture): { init: bigint; shell: bigint } {
  const init = builder.image('SNAPSHOT', { pid: 1, sid: 1, pgid: 1, comm_bytes: 'init', executable: '/sbin/init' });
  const made = builder.image('SNAPSHOT', {
    pid: 10,
    ppid: 1,
    sid: 10,
    pgid: 10,
    parent: init,
    comm_bytes: 'bash',
    executable: '/bin/bash',
    argv: '-bash\0--norc\0\0x y\0',
    environment: 'A=1\0B=2 3\0',
    cwd: '/root',
    cgroup: '/user.slice',
    login_uid: 0xffffffff,
  });
  return { init, shell: made };
}
