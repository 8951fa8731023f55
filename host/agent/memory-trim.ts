// Returns memory that a start, a replacement of rules or a burst of events has taken, and that watching does not need.

import { loadAddon } from '../capture/addon.ts';
import { collectGarbage } from '../engine/loop/collect-garbage.ts';

/** The worker collects in its next pause. */
const WORKER_MS = 250;
/**
 * What a trim is worth: it pauses the main thread for 30 ms, and code that is needed again is mapped again. A burst of processes leaves 10 MB: 7 that
 * V8's compilers have freed and the allocator keeps, 3 in the heaps.
 */
const GROWTH_BYTES = 8e6;
/** Share of one CPU since the previous look: above it, what was given back would be taken again (openat and exec as fast as can be take 0.06 to 0.09). */
const IDLE_CPU_SHARE = 0.03;

export interface TrimTimes {
  /** From a start to its trim. By then modules are compiled for speed, outputs connected and running containers asked about. */
  readonly afterMs: number;
  /** From one look at what has grown to the next. */
  readonly everyMs: number;
}

/** Memory and CPU time of the process. */
export interface Usage {
  /** RSS, in bytes. */
  resident(): number;
  /** CPU time so far. */
  cpuMs(): number;
}

const OWN_USAGE: Usage = {
  resident: () => process.memoryUsage.rss(),
  cpuMs() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};

const TIMES: TrimTimes = { afterMs: 1000, everyMs: 60_000 };

export class MemoryTrim {
  readonly #trimWorker: () => void;
  readonly #times: TrimTimes;
  readonly #usage: Usage;
  #timer: NodeJS.Timeout | undefined;

  /** @param trimWorker has the worker collect its garbage */
  constructor(trimWorker: () => void, times: TrimTimes = TIMES, usage: Usage = OWN_USAGE) {
    this.#trimWorker = trimWorker;
    this.#times = times;
    this.#usage = usage;
  }

  /**
   * A second from now, and again whenever the process has grown and is idle. Measured with Falco's 97 rules: an RSS of 180 MB becomes 110, and
   * after a burst of openat and exec 171 become 145. Without it, V8 keeps for hours what it has, since a quiet agent makes no garbage that would have it look.
   */
  schedule(): void {
    this.#next(this.#times.afterMs, () => this.#trim());
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #trim(): void {
    this.#trimWorker();
    collectGarbage('all');
    this.#next(WORKER_MS, () => {
      loadAddon().releaseMemory();
      this.#watch(undefined, this.#usage.cpuMs());
    });
  }

  /**
   * @param least the smallest RSS since the trim, in bytes. The first look takes it: what each second of watching needs is mapped again by then.
   * @param usedMs CPU time up to the look before
   */
  #watch(least: number | undefined, usedMs: number): void {
    this.#next(this.#times.everyMs, () => {
      const cpuMs = this.#usage.cpuMs();
      const isIdle = cpuMs - usedMs < IDLE_CPU_SHARE * this.#times.everyMs;
      const resident = this.#usage.resident();
      if (least !== undefined && isIdle && resident > least + GROWTH_BYTES) this.#trim();
      else this.#watch(Math.min(least ?? resident, resident), cpuMs);
    });
  }

  #next(ms: number, step: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(step, ms).unref();
  }
}
