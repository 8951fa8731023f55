// The agent under test: `wasprey run` as a process of its own, its alerts as they come, and what it says of itself.

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { prepareRules } from '../../host/daemon/rules/compile.ts';
import { processTerminal } from '../../host/diagnostics/terminal.ts';
import { PROJECT } from '../../host/setup/paths.mjs';
import { RUNTIME_OPTIONS } from '../../host/setup/runtime.mjs';
import { freePort } from '../support/servers/free-port.ts';
import type { Cgroup } from './cgroup.ts';
import { Metrics } from './metrics.ts';
import { FENCE, FENCE_RULE } from './rules.ts';
import { type Session, SoakError } from './scenario.ts';

/** Generous: its rules are compiled already. */
const START_MS = 30_000;
const STOP_MS = 10_000;
/** Its counters are as old as this at most. */
const COUNTERS_MS = 1100;

export interface SoakAlert {
  readonly rule: string;
  readonly priority: string;
  readonly output: string;
  readonly time: string;
  readonly output_fields: Readonly<Record<string, unknown>>;
  /** When it was read here: ns of the monotonic clock. */
  readonly arrived: bigint;
}

export interface SoakAgentOptions {
  readonly rules: readonly string[];
  /** Keys of the configuration, besides those that the soak needs itself. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  /** Further options of `wasprey run`. */
  readonly options?: readonly string[];
  /** Where it runs. */
  readonly cgroup?: Cgroup;
  /** The alerts to keep, by their lines: others may be very many. Those of the agent's own are kept in any case. */
  readonly keep?: (line: string) => boolean;
}

export class SoakAgent {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #port: number;
  readonly #keep: (line: string) => boolean;
  #said = '';
  #fences = 0;
  #passed = 0;
  /** All that were kept, in the order in which they came. */
  readonly alerts: SoakAlert[] = [];
  /** Of the agent's own: drops, failures of outputs. */
  readonly internal: SoakAlert[] = [];
  /** Lines on standard output. */
  lines = 0;

  private constructor(config: string, port: number, options: SoakAgentOptions) {
    this.#port = port;
    this.#keep = options.keep ?? (() => true);
    const words = ['host/cli/main.ts', 'run', '-c', config, ...options.rules, ...(options.options ?? [])];
    // It moves itself, so that all of it is in there from the first page on.
    const enter = options.cgroup ? `echo $$ > '${options.cgroup.processes}' && ` : '';
    this.#child = spawn('sh', ['-c', `${enter}exec "$0" "$@"`, process.execPath, ...RUNTIME_OPTIONS, ...words], {
      cwd: PROJECT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { stdout, stderr } = this.#child;
    if (!stdout || !stderr) throw new TypeError('the agent needs pipes');
    this.#exited = new Promise((resolve) => this.#child.once('close', () => resolve()).once('error', () => resolve()));
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-20_000);
    });
    createInterface({ input: stdout }).on('line', (line) => this.#take(line));
  }

  /** Resolves when an event of now has come through. It ends with the session. */
  static async start(session: Session, options: SoakAgentOptions): Promise<SoakAgent> {
    // Compiled here, since that takes more memory than the agent itself, and longer than it has to start.
    await prepareRules(options.rules, processTerminal());
    const port = await freePort();
    const configuration = {
      json_output: true,
      webserver: { enabled: true, listen_port: port, prometheus_metrics_enabled: true },
      metrics: { enabled: true },
      ...options.configuration,
    };
    const path = join(session.folder, `agent-${port}.yaml`);
    writeFileSync(path, JSON.stringify(configuration)); // JSON is YAML
    const agent = new SoakAgent(path, port, options);
    session.atEnd(() => agent.stop());
    await agent.settled(START_MS);
    return agent;
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined || !this.isRunning) throw new SoakError(`the agent ended by itself; it said:\n${this.#said}`);
    return pid;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** What it wrote to standard error, the latest of it. */
  get said(): string {
    return this.#said;
  }

  /** Waits until the events of before are evaluated and their alerts are here. */
  async settled(patienceMs = 30_000): Promise<void> {
    const end = performance.now() + patienceMs;
    // Rings are read one after the other, so that of the others more may come behind the first fence.
    for (let round = 0; round < 3; round++) await this.#fence(end);
  }

  async metrics(): Promise<Metrics> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/metrics`);
    return new Metrics(await response.text());
  }

  /** Those that report all up to now. */
  async metricsOfNow(): Promise<Metrics> {
    await this.settled();
    await sleep(COUNTERS_MS);
    return await this.metrics();
  }

  /** Bytes of resident memory, and of that what is its own alone. */
  memory(): { readonly resident: number; readonly own: number } {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    const bytes = (name: string): number => 1024 * Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1]);
    return { resident: bytes('VmRSS'), own: bytes('RssAnon') };
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** Ends it; by force if it does not end by itself: then false. May be called again. */
  async stop(): Promise<boolean> {
    this.#child.kill('SIGINT');
    const ended = await Promise.race([this.#exited.then(() => true), sleep(STOP_MS, false, { ref: false })]);
    if (!ended) this.#child.kill('SIGKILL');
    await this.#exited;
    return ended;
  }

  /** A fence may be among what is dropped: the next is tried then. */
  async #fence(end: number): Promise<void> {
    const number = ++this.#fences;
    for (let next = 0; this.#passed < number; await sleep(5)) {
      if (!this.isRunning) throw new SoakError(`the agent ended by itself; it said:\n${this.#said}`);
      if (performance.now() > end) throw new SoakError(`no alert of a fence came; the agent said:\n${this.#said}`);
      if (performance.now() < next) continue;
      next = performance.now() + 250;
      try {
        unlinkSync(`${FENCE}${number}`);
      } catch {
        // It never is.
      }
    }
  }

  #take(line: string): void {
    this.lines++;
    const own = line.includes('"rule":"Wasprey internal');
    const fence = !own && line.includes(`"rule":"${FENCE_RULE}"`);
    if (!own && !fence && !this.#keep(line)) return;
    const alert: SoakAlert = { ...JSON.parse(line), arrived: process.hrtime.bigint() };
    if (own) this.internal.push(alert);
    else if (fence) this.#passed = Math.max(this.#passed, fenceNumber(alert));
    else this.alerts.push(alert);
  }
}

function fenceNumber({ output_fields: fields }: SoakAlert): number {
  return Number(String(fields['evt.arg.path']).slice(FENCE.length));
}

/** When its event was: ns since the epoch. */
export function timeOf({ time }: SoakAlert): bigint {
  return nanoseconds(time);
}

/** ns since the epoch, of `2026-11-24T16:21:38.990830815Z`, which has more digits than Date takes. */
export function nanoseconds(time: string): bigint {
  const [, seconds = '', fraction = ''] = /^([^.]+)\.(\d{9})Z$/.exec(time) ?? [];
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction);
}
