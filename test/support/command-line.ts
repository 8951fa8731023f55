// A command of wasprey, run to its end: how it ended and what it wrote, in which there is never a stack trace of JavaScript.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { PROJECT } from '../../host/setup/paths.mjs';

/** The command line's own file. */
export const MAIN = join(PROJECT, 'host/cli/main.ts');

const MOST_BYTES = 1 << 28;

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  readonly cwd?: string;
  /** All its variables; by default those of this process. */
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
  /** A program that is given the command line and becomes the process. */
  readonly launcher?: readonly string[];
  /** When it has not ended by then, that is an error. */
  readonly timeoutMs?: number;
}

export function wasprey(...words: readonly string[]): Ended {
  return waspreyIn({}, ...words);
}

/** Elsewhere, or with other rights or variables. */
export function waspreyIn(surroundings: Surroundings, ...words: readonly string[]): Ended {
  const { launcher = [], timeoutMs, ...options } = surroundings;
  const [program = '', ...rest] = [...launcher, process.execPath, MAIN, ...words];
  const limits = { maxBuffer: MOST_BYTES, timeout: timeoutMs };
  const { error, status, stdout, stderr } = spawnSync(program, rest, { ...options, ...limits, encoding: 'utf8' });
  if (error) throw error;
  return withoutTrace({ status, stdout, stderr });
}

/** While this process goes on: it serves what the command asks. */
export async function waspreyAside(...words: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => child.once('close', resolve).once('error', reject));
  const [status, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return withoutTrace({ status, stdout, stderr });
}

function withoutTrace(ended: Ended): Ended {
  assert.doesNotMatch(ended.stderr, /^\s+at /m, 'a stack trace');
  assert.doesNotMatch(ended.stdout, /^\s+at .*:\d+:\d+\)?$/m, 'a stack trace');
  return ended;
}
