// The agent as a process of its own, as it is run in earnest, and what it costs.

import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROJECT } from '../../host/setup/paths.mjs';
import { RUNTIME_OPTIONS } from '../../host/setup/runtime.mjs';
import { BenchError } from './figure.ts';
import { LOAD_NAME, startLoad } from './load.ts';
import { RingCounterReader, type RingCounters } from './ring-counters.ts';

/** Generous: its rules are compiled already. */
const START_MS = 30_000;
const STOP_MS = 10_000;
const DRAIN_MS = 10_000;

/** An alert of a read of /etc/shadow by a load. */
export interface MarkAlert {
  readonly line: string;
  /** When it was read from the agent's standard output: ns of the monotonic clock. */
  readonly arrived: bigint;
  /** When the event was, as the alert says: ns since the epoch. */
  readonly time: bigint;
}

export interface AgentOptions {
  /** Rule files and folders, compiled before (rule-sets.ts). */
  readonly rules: readonly string[];
  /** The only CPU that it may run on. */
  readonly cpu?: number;
  /** Options of `wasprey run`. */
  readonly run: readonly string[];
}

/** CPU time in ns; user and system together, and what of it was spent in user space (in steps of 10 ms). */
export interface CpuTime {
  readonly total: number;
  readonly user: number;
}

export interface MemoryUse {
  /** Bytes of RSS, and of that private memory, files (the runtime's binary), and memory shared with the kernel. */
  readonly rss: number;
  readonly anonymous: number;
  readonly file: number;
  readonly shared: number;
}

export class AgentProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #markAlerts: MarkAlert[] = [];
  #onMarkAlert: (() => void) | undefined;
  #said = '';
  #counters: RingCounterReader | undefined;

  /** Starts it; it does not capture yet. */
  constructor({ rules, cpu, run }: AgentOptions) {
    // As in the image.
    const start = ['host/setup/bootstrap.mjs', '--needs=capture', 'host/cli/main.ts', 'run'];
    const words = [process.execPath, ...RUNTIME_OPTIONS, ...start, ...rules, ...run, '--json'];
    const [program = '', ...rest] = cpu === undefined ? words : ['taskset', '-c', String(cpu), ...words];
    const child = spawn(program, rest, { cwd: PROJECT, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      child.once('close', () => resolve());
      child.once('error', () => resolve());
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
    createInterface({ input: child.stdout }).on('line', (line) => this.#take(line));
  }

  /** Resolves when an event of now has been captured, evaluated and reported. */
  static async start(options: AgentOptions): Promise<AgentProcess> {
    const agent = new AgentProcess(options);
    try {
      await agent.firstAlert();
    } catch (error) {
      await agent.stop();
      throw error;
    }
    return agent;
  }

  /** Reads /etc/shadow again and again until there is an alert of it: the first. Alerts up to then are forgotten afterwards. */
  async firstAlert(readsPerSecond = 100): Promise<MarkAlert> {
    const load = startLoad('mark', { seconds: 0, rate: readsPerSecond }, () => {});
    const alerted = new Promise<boolean>((resolve) => {
      this.#onMarkAlert = () => resolve(true);
    });
    const failed = Promise.race([this.#exited, sleep(START_MS, undefined, { ref: false })]).then(() => false);
    const inTime = await Promise.race([alerted, failed]);
    this.#onMarkAlert = undefined;
    await load.stop();
    const [first] = this.#markAlerts;
    if (!inTime || !first) {
      throw new BenchError(`the agent gave no alert of a read of /etc/shadow; it said:\n${this.#said || '  nothing'}`);
    }
    await this.drained();
    await sleep(100);
    this.#markAlerts = [];
    return first;
  }

  /** The alerts of reads of /etc/shadow by loads since this was last called. */
  takeMarkAlerts(): MarkAlert[] {
    const alerts = this.#markAlerts;
    this.#markAlerts = [];
    return alerts;
  }

  /** What the agent's BPF programs have counted so far. */
  counters(): RingCounters {
    this.#counters ??= new RingCounterReader(this.pid);
    return this.#counters.read();
  }

  /** Waits until it has read all that was in the rings. */
  async drained(): Promise<RingCounters> {
    if (this.#child.exitCode !== null) throw this.#ended();
    const end = performance.now() + DRAIN_MS;
    for (;;) {
      const counters = this.counters();
      // bpftool and its like make events of their own.
      if (counters.waiting < 100_000) return counters;
      if (performance.now() > end) throw new BenchError(`the agent did not read its rings empty within ${DRAIN_MS} ms`);
      await sleep(20);
    }
  }

  cpuTime(): CpuTime {
    const threads = readdirSync(`/proc/${this.pid}/task`);
    const total = threads
      .map((thread) => Number(this.#read(`task/${thread}/schedstat`).split(' ')[0]))
      .reduce((sum, ns) => sum + ns, 0);
    // After the name, which may hold blanks, in brackets; utime is field 14.
    const ticks = Number(
      this.#read('stat')
        .replace(/^.*\) /s, '')
        .split(' ')[11],
    );
    return { total, user: ticks * 1e7 };
  }

  memory(): MemoryUse {
    const status = this.#read('status');
    const bytes = (name: string): number => 1024 * Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1]);
    return { rss: bytes('VmRSS'), anonymous: bytes('RssAnon'), file: bytes('RssFile'), shared: bytes('RssShmem') };
  }

  /** Ends it; by force if it does not end by itself. Resolves when nothing of it is attached any more. */
  async stop(): Promise<void> {
    this.#child.kill('SIGINT');
    const force = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    await this.#exited;
    clearTimeout(force);
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw this.#ended();
    return pid;
  }

  #read(path: string): string {
    try {
      return readFileSync(`/proc/${this.pid}/${path}`, 'utf8');
    } catch {
      throw this.#ended();
    }
  }

  #ended(): BenchError {
    return new BenchError(`the agent ended by itself; it said:\n${this.#said || '  nothing'}`);
  }

  #take(line: string): void {
    if (!line.includes(LOAD_NAME) || !line.includes('/etc/shadow')) return;
    const arrived = process.hrtime.bigint();
    this.#markAlerts.push({ line, arrived, time: timeOf(line) });
    this.#onMarkAlert?.();
  }
}

/** ns since the epoch, of `"time":"2026-11-24T16:21:38.990830815Z"`, which has more digits than Date takes. */
function timeOf(line: string): bigint {
  const [, seconds = '', fraction = ''] = /"time":"([^".]+)\.(\d{9})Z"/.exec(line) ?? [];
  const milliseconds = Date.parse(`${seconds}Z`);
  if (Number.isNaN(milliseconds)) throw new BenchError(`an alert without a time: ${line}`);
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction);
}
