// Alerts to a program that is started for each alert, as Falco does by default. Programs run one after the other, in the order of
// the alerts; one that hangs delays the next until it is killed.

import { type Alert, alertLine } from './alert.ts';
import type { LineOutputOptions } from './line-output.ts';
import { LineQueue } from './line-queue.ts';
import type { Output, OutputCounters } from './output.ts';
import { ProgramStream } from './program-stream.ts';
import { type ShellCommand, startShellCommand } from './shell-command.ts';

/** Longer than any program needs for one alert; one that takes longer is assumed to hang. */
const RUN_TIMEOUT_MS = 30_000;

export interface ProgramOutputOptions extends LineOutputOptions {
  /** One program gets all alerts, instead of one program for each. */
  readonly keepAlive: boolean;
  /** Tests only. */
  readonly runTimeoutMs?: number;
}

export function programOutput(command: string, options: ProgramOutputOptions): Output {
  const lines = options.keepAlive ? new ProgramStream(command, options) : new ProgramRuns(command, options);
  return {
    name: 'program',
    write: (alert: Alert) => lines.push(Buffer.from(`${alertLine(alert, options)}\n`)),
    drained: () => lines.drained(),
    close: (timeoutMs: number) => lines.close(timeoutMs),
    get counters() {
      return lines.counters;
    },
  };
}

class ProgramRuns {
  readonly #command: string;
  readonly #onError: (error: Error) => void;
  readonly #runTimeoutMs: number;
  readonly #queue: LineQueue;
  #running: ShellCommand | undefined;
  #closed = false;
  #failing = false;
  #idle: (() => void)[] = [];
  #written = 0;
  #dropped = 0;
  #errors = 0;

  constructor(command: string, { onError, capacity, runTimeoutMs = RUN_TIMEOUT_MS }: ProgramOutputOptions) {
    this.#command = command;
    this.#onError = onError;
    this.#runTimeoutMs = runTimeoutMs;
    this.#queue = new LineQueue(capacity);
  }

  get counters(): OutputCounters {
    const queued = this.#queue.length + (this.#running ? 1 : 0);
    return { written: this.#written, dropped: this.#dropped, errors: this.#errors, queued };
  }

  push(line: Buffer): void {
    if (this.#closed || !this.#queue.push(line)) this.#dropped++;
    else if (!this.#running) this.#next();
  }

  async drained(): Promise<void> {
    if (this.#running) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async close(timeoutMs: number): Promise<void> {
    this.#closed = true;
    const timer = setTimeout(() => {
      this.#dropped += this.#queue.clear();
      this.#running?.kill();
    }, timeoutMs);
    await this.drained();
    clearTimeout(timer);
  }

  #next(): void {
    const line = this.#queue.take();
    if (line) void this.#run(line);
    else for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #run(line: Buffer): Promise<void> {
    const command = startShellCommand(this.#command);
    this.#running = command;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      command.kill();
    }, this.#runTimeoutMs);
    command.input.end(line);
    const failure = await command.ended;
    clearTimeout(timer);
    this.#running = undefined;
    this.#count(
      late ? new Error(`the program did not end within ${this.#runTimeoutMs / 1000} s and was killed`) : failure,
    );
    this.#next();
  }

  #count(failure: Error | undefined): void {
    if (!failure) {
      this.#written++;
      this.#failing = false;
      return;
    }
    this.#errors++;
    this.#dropped++;
    // Only the first of consecutive errors is reported.
    if (!this.#failing) this.#onError(failure);
    this.#failing = true;
  }
}
