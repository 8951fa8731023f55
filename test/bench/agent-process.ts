// The agent as a process of its own, and what its BPF programs count.

import { setTimeout as sleep } from 'node:timers/promises';
import { RUNTIME_OPTIONS } from '../../host/setup/runtime.mjs';
import { BenchError } from './figure.ts';
import { MeasuredProcess } from './measured-process.ts';
import { RingCounterReader, type RingCounters } from './ring-counters.ts';

const DRAIN_MS = 10_000;

export interface AgentOptions {
  /** Rule files and folders, compiled before (rule-sets.ts). */
  readonly rules: readonly string[];
  /** The only CPU that it may run on. */
  readonly cpu?: number;
  /** Options of `wasprey run`. */
  readonly run: readonly string[];
}

export class AgentProcess extends MeasuredProcess {
  #counters: RingCounterReader | undefined;

  /** Starts it; it does not capture yet. */
  constructor({ rules, cpu, run }: AgentOptions) {
    // As in the image.
    const start = ['host/setup/bootstrap.mjs', '--needs=capture', 'host/cli/main.ts', 'run'];
    super('the agent', [process.execPath, ...RUNTIME_OPTIONS, ...start, ...rules, ...run, '--json'], cpu);
  }

  /** Resolves when an event of now has been captured, evaluated and reported. */
  static start(options: AgentOptions): Promise<AgentProcess> {
    return new AgentProcess(options).begun();
  }

  /** What the agent's BPF programs have counted so far. */
  counters(): RingCounters {
    this.#counters ??= new RingCounterReader(this.pid);
    return this.#counters.read();
  }

  /** Waits until it has read all that was in the rings. */
  async drained(): Promise<RingCounters> {
    this.requireRunning();
    const end = performance.now() + DRAIN_MS;
    for (;;) {
      const counters = this.counters();
      // bpftool and its like make events of their own.
      if (counters.waiting < 100_000) return counters;
      if (performance.now() > end) throw new BenchError(`the agent did not read its rings empty within ${DRAIN_MS} ms`);
      await sleep(20);
    }
  }

  override settled(): Promise<RingCounters> {
    return this.drained();
  }
}
