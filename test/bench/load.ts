// Builds and runs load.c, which makes the system calls that the benchmarks measure.

import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { builtProgram } from './built-program.ts';
import { BenchError } from './figure.ts';

/** The name that alerts of it carry. */
export const LOAD_NAME = 'wasprey-load';

export type Workload =
  | 'untraced'
  | 'open'
  | 'names'
  | 'missing'
  | 'empty'
  | 'exec'
  | 'files'
  | 'connect'
  | 'pipe'
  | 'mark';

export interface LoadOptions {
  /** 0: until `calls` are done, or it is stopped. */
  readonly seconds?: number;
  readonly calls?: number;
  readonly cpu?: number;
  /** Calls a second; as fast as it can by default. */
  readonly rate?: number;
  readonly path?: string;
}

export interface LoadResult {
  readonly calls: number;
  /** Wall time of the loop. */
  readonly ns: number;
  /** CPU time of the loop and of its children; what others do to the machine shows less in it than in the wall time. */
  readonly cpuNs: number;
}

/** When a read was about to be made: ns of the monotonic clock (process.hrtime's) and of the wall clock. */
export interface Mark {
  readonly monotonic: bigint;
  readonly wall: bigint;
}

/** Runs a workload to its end. */
export async function runLoad(workload: Exclude<Workload, 'mark'>, options: LoadOptions): Promise<LoadResult> {
  const lines: string[] = [];
  await startLoad(workload, options, (line) => lines.push(line)).ended;
  const [line] = lines;
  if (line === undefined) throw new BenchError(`load ${workload} printed nothing`);
  return JSON.parse(line) as LoadResult;
}

/** Reads PATH so many times at that rate. Resolves when the last is done. */
export async function runMarks(calls: number, rate: number, path?: string): Promise<Mark[]> {
  const marks: Mark[] = [];
  const options = { seconds: 0, calls, rate, ...(path !== undefined && { path }) };
  await startLoad('mark', options, (line) => marks.push(parseMark(line))).ended;
  return marks;
}

export interface RunningLoad {
  readonly process: ChildProcess;
  /** Rejects when it failed by itself. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** `onLine` gets each line that it prints. */
export function startLoad(workload: Workload, options: LoadOptions, onLine: (line: string) => void): RunningLoad {
  const { seconds, calls, cpu, rate, path } = options;
  const given: [string, number | string | undefined][] = [
    ['-s', seconds],
    ['-n', calls],
    ['-c', cpu],
    ['-r', rate],
    ['-p', path],
  ];
  const words = given.flatMap(([flag, value]) => (value === undefined ? [] : [flag, String(value)]));
  const child = spawn(loadProgram(), [workload, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  createInterface({ input: child.stdout }).on('line', onLine);
  let stopping = false;
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => {
      if (status === 0 || stopping) resolve();
      else reject(new BenchError(`load ${workload} ended with ${signal ?? `status ${status}`}`));
    });
  });
  return {
    process: child,
    ended,
    async stop() {
      stopping = true;
      child.kill();
      await closed;
    },
  };
}

/** A process that prints the lines that are written to its standard input, each behind when it was read: ns of the monotonic clock. */
export function startLineReader(): ChildProcessByStdio<Writable, Readable, null> {
  return spawn(loadProgram(), ['lines'], { stdio: ['pipe', 'pipe', 'inherit'] });
}

export function parseMark(line: string): Mark {
  const [monotonic = '', wall = ''] = line.split(' ');
  return { monotonic: BigInt(monotonic), wall: BigInt(wall) };
}

export function loadProgram(): string {
  return builtProgram('load.c', LOAD_NAME);
}
