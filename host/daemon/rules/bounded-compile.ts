// Compiles rules in a separate process with limits on time and memory: a rule file that exceeds them ends that process, and is named.

import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { cachePlaces } from '../../compiler/assemble/cache-places.ts';
import { cpuMilliseconds, PATIENCE } from '../../compiler/assemble/cpu-time.ts';
import { CommandFailure } from '../../diagnostics/failure.ts';
import { count, MEGABYTE } from '../../diagnostics/numbers.ts';
import { entryFile } from '../../setup/entries.mjs';
import type { CompiledModule, CompileJob, FromCompiler } from './compile-job.ts';

export interface CompileLimits {
  /** CPU time. */
  readonly milliseconds: number;
  /** Memory of the whole process. */
  readonly megabytes: number;
}

/** 2,000 rules take 20 s and 800 MB; ten times what the stock rules take. */
const COMPILE_LIMITS: CompileLimits = { milliseconds: 120_000, megabytes: 1_800 };

/** JavaScript's share of the memory, at which the process ends by itself; the rest is code, and asc's own heap. */
const HEAP = 0.75;
const LOOK_EVERY_MS = 50;
/** Lower than the priority of the agent and the watched processes. */
const BACKGROUND_PRIORITY = 10;
/** How much of the output of a crashed process is kept. */
const LAST_WORDS = 10_000;

export interface CompileHost {
  /** Gets the errors of invalid rules as they arrive. */
  readonly say: (text: string) => void;
  /** Run at low priority. */
  readonly inBackground?: boolean;
  readonly limits?: CompileLimits;
}

export interface BoundedCompile {
  /** Number of rules, once all files are read. */
  readonly loaded: Promise<number>;
  readonly module: Promise<CompiledModule>;
  /** After a failure, the name of the file that was being read, if that alone is the reason. */
  culprit(): string | undefined;
}

/** Both promises reject with CommandFailure for invalid rules, and for rules that exceed the limits. */
export function compileBounded(job: CompileJob, host: CompileHost): BoundedCompile {
  return new CompilerProcess(job, host);
}

class CompilerProcess implements BoundedCompile {
  readonly #job: CompileJob;
  readonly #host: CompileHost;
  readonly #child: ChildProcess;
  readonly #loaded = Promise.withResolvers<number>();
  readonly #module = Promise.withResolvers<CompiledModule>();
  /** What it is doing, as the beginning of a sentence. */
  #stage = 'reading the rules';
  /** The file that it reads, or because of which it has failed. */
  #file: string | undefined;
  #lastWords = '';
  readonly culprit = (): string | undefined => this.#file;

  constructor(job: CompileJob, host: CompileHost) {
    this.#job = job;
    this.#host = host;
    const limits = host.limits ?? COMPILE_LIMITS;
    const child = fork(entryFile('compilation'), [], {
      execArgv: [`--max-old-space-size=${Math.floor(limits.megabytes * HEAP)}`],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Nothing else of the agent's environment reaches the compiler.
      env: cachePlaces(process.env),
    });
    this.#child = child;
    if (host.inBackground) lowerPriority(child);
    const stopWatch = watchLimits(child, limits, (limit) =>
      this.#fail(`${this.#stage} took more than ${limit}`, TOO_MUCH),
    );
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#lastWords = (this.#lastWords + chunk.toString('utf8')).slice(-LAST_WORDS);
    });
    child.on('message', (message: FromCompiler) => this.#handle(message));
    child.on('error', (error) => this.#fail(`the compiler could not be started: ${error.message}`));
    child.on('close', (code, signal) => {
      stopWatch();
      this.#failByExit(signal, code, limits);
    });
    // A caller may await only one of these: the other's rejection is handled here.
    this.loaded.catch(() => {});
    this.module.catch(() => {});
    // A process that could not be started has no channel: its error has the reason.
    if (child.connected) {
      child.send(job, (error) => {
        // It has died already: its end reports the reason.
        if (error) child.kill('SIGKILL');
      });
    }
  }

  get loaded(): Promise<number> {
    return this.#loaded.promise;
  }

  get module(): Promise<CompiledModule> {
    return this.#module.promise;
  }

  #handle(message: FromCompiler): void {
    switch (message.kind) {
      case 'file':
        this.#stage = message.name;
        this.#file = message.name;
        return;
      case 'said':
        this.#host.say(message.text);
        return;
      case 'loaded':
        this.#stage = `compiling ${count(message.rules, 'rule')} of ${listed(this.#job)}`;
        this.#file = undefined;
        this.#loaded.resolve(message.rules);
        return;
      case 'module':
        this.#module.resolve(message);
        break;
      case 'refused':
        this.#file = message.file;
        this.#fail(message.message, message.help);
        break;
      case 'defect':
        this.#fail(
          `the compiler failed while ${this.#stage}: ${message.text}`,
          'it is a defect of Wasprey, please report it',
        );
        break;
    }
    this.#child.kill('SIGKILL');
  }

  /** Without effect when the result is there. */
  #failByExit(signal: NodeJS.Signals | null, code: number | null, { megabytes }: CompileLimits): void {
    const isMemory = signal === 'SIGKILL' || /out of memory|allocation failed/i.test(this.#lastWords);
    if (isMemory) {
      this.#fail(`${this.#stage} took more than the available memory, or than ${megabytes} MB`, TOO_MUCH);
      return;
    }
    const lastWords = this.#lastWords.slice(0, 1000);
    this.#fail(`the compiler exited with ${signal ?? `status ${code}`} while ${this.#stage}: ${lastWords}`);
  }

  #fail(message: string, help?: string): void {
    const failure = new CommandFailure(message, help);
    this.#loaded.reject(failure);
    this.#module.reject(failure);
  }
}

const TOO_MUCH = 'does a list, macro or anchor grow with each use?';

function listed({ files }: CompileJob): string {
  const names = files.map(({ name }) => name);
  return names.length > 3 ? `${names.slice(0, 2).join(', ')} and ${names.length - 2} more files` : names.join(', ');
}

function lowerPriority({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, BACKGROUND_PRIORITY);
  } catch {
    // It has ended already.
  }
}

/** Ends the process when it exceeds a limit, and calls `onExceeded` with that limit. Returns a function that ends the watch. */
function watchLimits(child: ChildProcess, limits: CompileLimits, onExceeded: (limit: string) => void): () => void {
  const began = performance.now();
  const timer = setInterval(() => {
    const elapsed = performance.now() - began;
    const time = Math.max(cpuMilliseconds(child.pid), elapsed / PATIENCE) >= limits.milliseconds;
    if (!time && residentBytes(child) <= limits.megabytes * MEGABYTE) return;
    onExceeded(time ? `${limits.milliseconds / 1000} s of CPU time` : `${limits.megabytes} MB of memory`);
    child.kill('SIGKILL');
  }, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}

function residentBytes({ pid }: ChildProcess): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    // It has just ended.
    return 0;
  }
}
