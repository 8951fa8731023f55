// AssemblyScript to WebAssembly: asc in a short-lived child process, within bounds of time and memory.

import { spawn } from 'node:child_process';
import { entryFile } from '../../setup/entries.mjs';
import { OPERATORS_PATH } from '../emit/imports.ts';
import { ASC_FLAGS } from './asc-flags.ts';
import type { AscJob } from './asc-in-process.ts';
import { cachePlaces } from './cache-places.ts';
import { cpuMilliseconds, PATIENCE } from './cpu-time.ts';

export interface AscLimits {
  /** CPU time. */
  readonly milliseconds: number;
  /** JavaScript heap. */
  readonly megabytes: number;
}

/** 2,000 rules take 20 s and 800 MB; ten times what the stock rules take. */
export const ASC_LIMITS: AscLimits = { milliseconds: 120_000, megabytes: 1_400 };

const LOOK_EVERY_MS = 50;

/** asc failed: a fault of the compiler, not of the rules, or a limit. */
export class AscError extends Error {
  override readonly name = 'AscError';
  readonly kind: 'failed' | 'timeout' | 'memory' | 'too-large';
  /** Indices of the rules that are too large, the largest first. */
  readonly rules: readonly number[];

  constructor(kind: AscError['kind'], message: string, rules: readonly number[] = []) {
    super(message);
    this.kind = kind;
    this.rules = rules;
  }
}

function ascJob(source: string, operators: ReadonlyMap<string, string>): AscJob {
  const directory = OPERATORS_PATH.replace(/^\.\//, '');
  const files: Record<string, string> = { 'rules.ts': source };
  for (const [path, text] of operators) files[`${directory}/${path}.ts`] = text;
  return { entry: 'rules.ts', files, flags: ASC_FLAGS };
}

/**
 * Runs asc in this process, which must be a short-lived one with bounds of its own.
 * @throws AscError
 */
export async function runAscHere(source: string, operators: ReadonlyMap<string, string>): Promise<Uint8Array> {
  const { ascInProcess } = await import('./asc-in-process.ts');
  const made = await ascInProcess(ascJob(source, operators));
  if (made instanceof Uint8Array) return made;
  throw new AscError('failed', made.failed.slice(0, 4000));
}

/**
 * Compiles the source of a module.
 * @param operators files of rules-wasm/ by path without extension
 * @throws AscError
 */
export async function runAsc(
  source: string,
  operators: ReadonlyMap<string, string>,
  limits: AscLimits = ASC_LIMITS,
): Promise<Uint8Array> {
  const child = spawn(process.execPath, [`--max-old-space-size=${limits.megabytes}`, entryFile('asc')], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // Nothing else of the host's environment reaches the compiler.
    env: cachePlaces(process.env),
  });
  let timedOut = false;
  const began = performance.now();
  const timer = setInterval(() => {
    const elapsed = performance.now() - began;
    if (Math.max(cpuMilliseconds(child.pid), elapsed / PATIENCE) < limits.milliseconds) return;
    timedOut = true;
    child.kill('SIGKILL');
  }, LOOK_EVERY_MS);
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  // A child that dies early leaves the pipe closed: its exit says why.
  child.stdin.on('error', () => {});
  child.stdin.end(JSON.stringify(ascJob(source, operators)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', (error) => reject(new AscError('failed', `asc could not be started: ${error.message}`)));
    child.on('close', resolve);
  }).finally(() => clearInterval(timer));
  if (timedOut) throw new AscError('timeout', `asc did not finish within ${limits.milliseconds / 1000} s of CPU time`);
  const message = Buffer.concat(errors).toString('utf8');
  if (code !== 0) {
    const memory = /heap out of memory/i.test(message) || code === null;
    throw new AscError(
      memory ? 'memory' : 'failed',
      memory ? `asc ran out of ${limits.megabytes} MB` : message.slice(0, 4000),
    );
  }
  return new Uint8Array(Buffer.concat(output));
}
