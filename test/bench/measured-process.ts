// A security agent as a process of its own, as it is run in earnest, and what it costs.

import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROJECT } from '../../host/setup/paths.mjs';
import { BenchError } from './figure.ts';
import { LOAD_NAME, startLineReader, startLoad } from './load.ts';

/** Generous: its rules are compiled already. */
const START_MS = 30_000;
const STOP_MS = 10_000;

/**
 * From its start to what is measured of its processor time. A second after its start an agent returns memory (host/agent/memory-trim.ts), which
 * takes 90 ms of a processor: shared among 2,000 processes that is 45 us of each. What it does each second takes 20 ms until V8 has compiled
 * it, within ten seconds or so, and 7 ms then.
 */
export const AFTER_START_MS = 12_000;

/** An alert of a read of /etc/shadow by a load. */
export interface MarkAlert {
  readonly line: string;
  /** When it was read from the agent's standard output: ns of the monotonic clock. */
  readonly arrived: bigint;
  /** When the event was, as the alert says: ns since the epoch. */
  readonly time: bigint;
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

export abstract class MeasuredProcess {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #signalled: 'alone' | 'with its children';
  #markAlerts: MarkAlert[] = [];
  #onMarkAlert: (() => void) | undefined;
  #lines = 0;
  #said = '';

  /**
   * Starts it; it does not capture yet. It prints its alerts as lines of JSON.
   * @param name as errors call it
   * @param cpu the only CPU that it may run on
   * @param signalled what is told to end
   */
  constructor(
    name: string,
    words: readonly string[],
    cpu: number | undefined,
    signalled: 'alone' | 'with its children' = 'alone',
  ) {
    this.#name = name;
    this.#signalled = signalled;
    const [program = '', ...rest] = cpu === undefined ? words : ['taskset', '-c', String(cpu), ...words];
    const reader = startLineReader();
    const detached = signalled === 'with its children'; // in a process group of its own
    const child = spawn(program, rest, { cwd: PROJECT, stdio: ['ignore', reader.stdin, 'pipe'], detached });
    // The reader ends with the last process that has it.
    reader.stdin.destroy();
    this.#child = child;
    const readerEnded = new Promise<void>((resolve) => reader.once('close', () => resolve()));
    this.#exited = new Promise((resolve) => {
      child.once('close', () => resolve(readerEnded));
      child.once('error', ({ message }) => {
        this.#said += message;
        resolve();
      });
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
    createInterface({ input: reader.stdout }).on('line', (line) => this.#take(line));
  }

  /** Resolves when the alerts of all events up to now were taken. */
  abstract settled(): Promise<unknown>;

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
      throw new BenchError(`${this.#name} gave no alert of a read of /etc/shadow; ${this.#words}`);
    }
    await this.settled();
    await sleep(100);
    this.#markAlerts = [];
    return first;
  }

  /** Resolves when an event of now has been captured, evaluated and reported; ends it if that fails. */
  async begun(): Promise<this> {
    try {
      await this.firstAlert();
    } catch (error) {
      await this.stop();
      throw error;
    }
    return this;
  }

  /** The alerts of reads of /etc/shadow by loads since this was last called. */
  takeMarkAlerts(): MarkAlert[] {
    const alerts = this.#markAlerts;
    this.#markAlerts = [];
    return alerts;
  }

  /** Alerts of marks that were not taken yet. */
  get alertsWaiting(): number {
    return this.#markAlerts.length;
  }

  /** How many lines it has printed: alerts of whatever. */
  get lines(): number {
    return this.#lines;
  }

  cpuTime(): CpuTime {
    const total = readdirSync(`/proc/${this.pid}/task`)
      .map((thread) => this.#threadTime(thread))
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
    this.#signal('SIGINT');
    const force = setTimeout(() => this.#signal('SIGKILL'), STOP_MS);
    await this.#exited;
    clearTimeout(force);
  }

  #signal(name: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.#child;
    if (this.#signalled === 'alone') this.#child.kill(name);
    else if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, name);
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw this.#ended();
    return pid;
  }

  /** Throws BenchError if it has ended. */
  protected requireRunning(): void {
    if (this.#child.exitCode !== null) throw this.#ended();
  }

  /** ns of CPU. One of the runtime's threads may end after they were listed; the process goes on. */
  #threadTime(thread: string): number {
    try {
      return Number(readFileSync(`/proc/${this.pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      return 0;
    }
  }

  #read(path: string): string {
    try {
      return readFileSync(`/proc/${this.pid}/${path}`, 'utf8');
    } catch {
      throw this.#ended();
    }
  }

  #ended(): BenchError {
    return new BenchError(`${this.#name} ended by itself; ${this.#words}`);
  }

  get #words(): string {
    return `it said:\n${this.#said || '  nothing'}`;
  }

  #take(stamped: string): void {
    this.#lines++;
    if (!stamped.includes(LOAD_NAME) || !stamped.includes('/etc/shadow')) return;
    const blank = stamped.indexOf(' ');
    const line = stamped.slice(blank + 1);
    this.#markAlerts.push({ line, arrived: BigInt(stamped.slice(0, blank)), time: timeOf(line) });
    this.#onMarkAlert?.();
  }
}

/** ns since the epoch, of `"time":"2026-11-24T16:21:38.990830815Z"`, which has more digits than Date takes. */
function timeOf(line: string): bigint {
  const [, seconds = '', fraction = ''] = /"time":\s?"([^".]+)\.(\d{9})Z"/.exec(line) ?? [];
  const milliseconds = Date.parse(`${seconds}Z`);
  if (Number.isNaN(milliseconds)) throw new BenchError(`an alert without a time: ${line}`);
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction);
}
