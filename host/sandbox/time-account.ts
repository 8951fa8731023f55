// What a module takes of the evaluating thread's time over many events. A single call has limits of its own (run.ts).

import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import process from 'node:process';

/** CPU time of this thread so far, in microseconds. Reading it takes 0.3 us. */
export function threadMicros(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

/** For so long after a reading the thread is taken to run. */
const ROUGHLY_MICROS = 100;
let readAt = Number.NEGATIVE_INFINITY;
let readMicros = 0;

/**
 * CPU time of this thread so far, up to 100 us too much, in a tenth of the time: a batch of few events has a dozen such readings, and asking the kernel for
 * each took 7 % of what the agent takes for a new process.
 */
export function roughThreadMicros(): number {
  const now = 1000 * performance.now();
  if (now - readAt > ROUGHLY_MICROS) {
    readMicros = threadMicros();
    readAt = now;
  }
  return readMicros + now - readAt;
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

/** Times of the evaluating thread so far, in microseconds. */
export interface ThreadTimes {
  /** CPU time: of modules, and of the host's own work. */
  readonly cpu: number;
  /** It ran or slept: time in which it waited for a CPU is not in it. */
  readonly own: number;
}

function threadTimes(): ThreadTimes {
  return { cpu: threadMicros(), own: 1000 * performance.now() - waitedMicros() };
}

/** A window ends when the module has taken that much time. */
const WINDOW_MICROS = 250_000;
/** Modules that together take less than this part of the thread's time starve nobody. */
const LEAST_SHARE = 1 / 4;
/** How many times the host's own time a module may take, for the same events and processes: ordinary rules take a tenth of it. */
const HOST_TIMES = 2;
/** No call takes longer than that and five times its allowance (run.ts), unless the machine stood still meanwhile. */
const LONGEST_CALL_MICROS = 100_000;
const LONGEST_CALL_ALLOWANCES = 5;

/** What all modules of this thread have taken so far, in microseconds. */
let takenByModules = 0;

/**
 * Work of one kind. A module takes more than its share if over a window it has taken more than the allowance of the work that it has done
 * meanwhile, and more than twice what the host's own work took, while all modules together took a quarter of the time or more.
 *
 * So neither a flood of events nor a busy or slow machine costs an honest module anything. The allowance grows with the work. The time that the
 * thread waited for a CPU does not count. But a kernel in a virtual machine does not see its CPUs wait for real ones, and counts that as
 * the thread's CPU time: five to twenty times the module's own, on a busy machine. The host's time grows as the module's does then, as on a
 * slow machine, and while V8 has yet to compile either. A call in which the virtual machine stood still counts as the longest one.
 */
export class TimeAccount {
  readonly #times: () => ThreadTimes;
  #spent = 0;
  #allowed = 0;
  #since: ThreadTimes;
  #takenBefore = 0;

  constructor(times = threadTimes) {
    this.#times = times;
    this.#since = times();
    this.#takenBefore = takenByModules;
  }

  /** Adds a call; returns whether the module takes more than its share. All are microseconds. */
  exceeds(spent: number, allowed: number): boolean {
    const counted = Math.min(spent, LONGEST_CALL_MICROS + LONGEST_CALL_ALLOWANCES * allowed);
    this.#spent += counted;
    this.#allowed += allowed;
    takenByModules += counted;
    if (this.#spent < WINDOW_MICROS) return false;
    const now = this.#times();
    const modules = takenByModules - this.#takenBefore;
    const host = now.cpu - this.#since.cpu - modules;
    const starves = modules >= LEAST_SHARE * (now.own - this.#since.own);
    const exceeds = starves && this.#spent > Math.max(this.#allowed, HOST_TIMES * host);
    this.restart();
    return exceeds;
  }

  /** Begins a new window. */
  restart(): void {
    this.#spent = 0;
    this.#allowed = 0;
    this.#since = this.#times();
    this.#takenBefore = takenByModules;
  }
}
