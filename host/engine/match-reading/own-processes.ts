// The agent's own processes: itself and all that it has started, such as the programs of outputs. An alert about
// the shell that sends an alert would start the next shell, and so on without end.

import { statSync } from 'node:fs';
import type { EventRecord, ImageRecord } from '../../fields/record.ts';

/** Tolerance between the kernel's and our own start time; an earlier process may have had our pid. */
const START_SLACK_NS = 2_000_000_000n;

/** Inode number of our pid namespace: `pid_namespace` of images of it. */
export const OWN_PID_NAMESPACE = statSync('/proc/self/ns/pid').ino;

export class OwnProcesses {
  readonly #pid: number;
  readonly #namespace: number;
  readonly #started: bigint;

  /** @param namespace inode number of our pid namespace  @param started ns since the epoch */
  constructor(pid = process.pid, namespace = OWN_PID_NAMESPACE, started = ownStart()) {
    this.#pid = pid;
    this.#namespace = namespace;
    this.#started = started;
  }

  /** Whether the event belongs to such a process. Other processes in our container do not. */
  did(event: EventRecord): boolean {
    const { image } = event;
    if (!image) return false;
    if (this.#isSelf(image)) return true;
    for (const ancestor of image.ancestors()) if (this.#isSelf(ancestor)) return true;
    return false;
  }

  #isSelf(image: ImageRecord): boolean {
    return (
      image.number('vpid') === this.#pid &&
      image.number('pid_namespace') === this.#namespace &&
      image.big('start_time') >= this.#started - START_SLACK_NS
    );
  }
}

function ownStart(): bigint {
  return BigInt(Math.floor((Date.now() - process.uptime() * 1000) * 1e6));
}
