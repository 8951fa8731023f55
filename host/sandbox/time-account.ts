// What a module takes of the evaluating thread's time over many events. A single call has limits of its own (run.ts).

import { readFileSync } from 'node:fs';

/** CPU time of this thread so far, in microseconds. Reading it takes 0.3 us. */
export function threadMicros(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

/** How long this thread has waited for a CPU so far, in microseconds; 0 if the kernel does not report it. */
function waitedMicros(): number {
  try {
    const [, nanoseconds = 0] = readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ');
    return Number(nanoseconds) / 1000;
  } catch {
    return 0;
  }
}

/** Time that this thread had, in microseconds: it ran or slept. */
function ownMicros(): number {
  return 1000 * performance.now() - waitedMicros();
}

/** A window ends when the module has taken that much time. */
const WINDOW_MICROS = 250_000;
/** A module that takes less than this part of the thread's time starves nobody. */
const LEAST_SHARE = 1 / 4;

/**
 * Work of one kind. A module takes more than its share if over a window it has taken a quarter of the time or more, and more than the allowance
 * of the work it has done meanwhile. So neither a flood of events nor a busy machine costs an honest module anything: the allowance
 * grows with the work, and the time that the thread waited for a CPU does not count.
 */
export class TimeAccount {
  #spent = 0;
  #allowed = 0;
  #since = ownMicros();

  /** Adds a call; returns whether the module takes more than its share. All are microseconds. */
  exceeds(spent: number, allowed: number): boolean {
    this.#spent += spent;
    this.#allowed += allowed;
    if (this.#spent < WINDOW_MICROS) return false;
    const exceeds = this.#spent > this.#allowed && this.#spent >= LEAST_SHARE * (ownMicros() - this.#since);
    this.restart();
    return exceeds;
  }

  /** Begins a new window. */
  restart(): void {
    this.#spent = 0;
    this.#allowed = 0;
    this.#since = ownMicros();
  }
}
