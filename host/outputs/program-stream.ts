// Alerts to a long-running program: it is started with the first alert, and restarted when it exits, with growing pauses.

import { LineQueue } from './line-queue.ts';
import type { OutputCounters } from './output.ts';
import { type ShellCommand, startShellCommand } from './shell-command.ts';

/** Pause before a program is restarted; it doubles each time. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;
/** A program that has run for so long counts as started successfully. */
const SOUND_MS = 10_000;

export interface ProgramStreamOptions {
  readonly onError: (error: Error) => void;
  readonly capacity?: number;
}

export class ProgramStream {
  readonly #command: string;
  readonly #onError: (error: Error) => void;
  readonly #queue: LineQueue;
  #program: ShellCommand | undefined;
  /** Set during the pause before a restart. */
  #pause: NodeJS.Timeout | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  /** The first line of the queue is on its way into the pipe. */
  #writing = false;
  #closed = false;
  #idle: (() => void)[] = [];
  #written = 0;
  #dropped = 0;
  #errors = 0;

  constructor(command: string, { onError, capacity }: ProgramStreamOptions) {
    this.#command = command;
    this.#onError = onError;
    this.#queue = new LineQueue(capacity);
  }

  get counters(): OutputCounters {
    return { written: this.#written, dropped: this.#dropped, errors: this.#errors, queued: this.#queue.length };
  }

  push(line: Buffer): void {
    if (this.#closed || !this.#queue.push(line)) this.#dropped++;
    else this.#next();
  }

  /** Resolves when all lines are in the program's pipe. */
  async drained(): Promise<void> {
    if (this.#queue.length > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async close(timeoutMs: number): Promise<void> {
    this.#closed = true;
    const timer = setTimeout(() => {
      this.#giveUp();
      this.#program?.kill();
    }, timeoutMs);
    await this.drained();
    const program = this.#program;
    // At its end of input it exits, or is killed when the time is over.
    program?.input.end();
    await program?.ended;
    clearTimeout(timer);
    clearTimeout(this.#pause);
  }

  #giveUp(): void {
    this.#dropped += this.#queue.clear();
    this.#tellIdle();
  }

  #next(): void {
    if (this.#queue.length === 0) this.#tellIdle();
    if (this.#writing || this.#pause) return;
    const line = this.#queue.peek();
    if (!line) return;
    this.#program ??= this.#start();
    const { input } = this.#program;
    this.#writing = true;
    input.write(line, (error) => this.#wrote(error));
  }

  /** A line that was not written to the pipe stays first in the queue, for the next program. */
  #wrote(error: Error | null | undefined): void {
    this.#writing = false;
    if (error) {
      // It may keep running without its input, and would get no more alerts.
      this.#program?.kill();
      return;
    }
    if (this.#queue.take()) this.#written++;
    this.#next();
  }

  #start(): ShellCommand {
    const program = startShellCommand(this.#command);
    const began = performance.now();
    void program.ended.then((failure) => this.#ended(program, performance.now() - began, failure));
    return program;
  }

  #ended(program: ShellCommand, lifeMs: number, failure: Error | undefined): void {
    if (this.#program !== program) return;
    this.#program = undefined;
    this.#writing = false;
    // Makes pending writes fail; they would wait for ever if a child of it holds the pipe open.
    program.input.destroy();
    if (this.#closed && this.#queue.length === 0) return;
    this.#errors++;
    if (lifeMs >= SOUND_MS) this.#pauseMs = FIRST_PAUSE_MS;
    // Report only once for a program that keeps failing.
    if (this.#pauseMs === FIRST_PAUSE_MS) this.#onError(failure ?? new Error('the program has exited'));
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.#next();
    }, this.#pauseMs);
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
  }

  #tellIdle(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
