// A process by its pidfd, shown to run the program that matched: a later process with that pid is never hit.

import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { loadAddon } from '../../capture/addon.ts';
import { RefusalError } from '../action.ts';
import { hasEnded, readStat } from './proc.ts';

/** A process that is killed ends when it leaves the kernel: at once, unless it waits for a disk. */
const END_MS = 1000;
const LOOK_AGAIN_MS = 2;

/** When the process of a pidfd last ran a program, as its images have it; undefined if it is not known. */
export type ExecTime = (pidfd: number) => bigint | undefined;

export class ProcessHandle {
  readonly pid: number;
  readonly #pidfd: number;
  readonly #isSame: () => boolean;
  #isClosed = false;

  private constructor(pid: number, pidfd: number, isSame: () => boolean) {
    this.pid = pid;
    this.#pidfd = pidfd;
    this.#isSame = isSame;
  }

  /** The process that has the pid now. Undefined if none has. */
  static open(pid: number): ProcessHandle | undefined {
    const pidfd = loadAddon().openProcess(pid);
    return pidfd === undefined ? undefined : new ProcessHandle(pid, pidfd, () => true);
  }

  /** The process that runs the program that matched. @throws {RefusalError} */
  static ofProgram(pid: number, execTime: bigint, timeOf: ExecTime): ProcessHandle {
    if (pid <= 0 || execTime === 0n) throw new RefusalError('incomplete', 'the process of the event is not known');
    const pidfd = loadAddon().openProcess(pid);
    if (pidfd === undefined) throw new RefusalError('gone', `process ${pid} has ended`);
    const handle = new ProcessHandle(pid, pidfd, () => timeOf(pidfd) === execTime);
    if (handle.isSame) return handle;
    handle.close();
    throw handle.gone();
  }

  gone(): RefusalError {
    return new RefusalError('gone', `process ${this.pid} has ended, or runs another program now`);
  }

  /** Whether it still runs that program. */
  get isSame(): boolean {
    return this.#isSame();
  }

  /** Whether nobody else can have its pid: it has not been waited for. */
  get holdsPid(): boolean {
    return !this.#isClosed && loadAddon().signalProcess(this.#pidfd, 0);
  }

  /** False if it has ended, or runs another program by now: then nothing was sent. */
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): boolean {
    return !this.#isClosed && this.isSame && loadAddon().signalProcess(this.#pidfd, constants.signals[name]);
  }

  /** Resolves to whether it has ended, within a second. */
  async ended(): Promise<boolean> {
    const until = performance.now() + END_MS;
    for (;;) {
      if (!this.holdsPid || hasEnded(await readStat(this.pid))) return true;
      if (performance.now() >= until) return false;
      await pause(LOOK_AGAIN_MS);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeSync(this.#pidfd);
  }
}
