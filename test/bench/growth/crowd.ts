// Many processes, and many containers, that are alive beside the agent.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CGROUPS } from '../../support/live/cgroup-place.ts';
import { cProgram } from '../../support/programs/c-program.ts';
import { BenchError } from '../figure.ts';

const FOLDER = join(CGROUPS, 'wasprey-bench');
/** Of containers as Docker names their groups. */
const PREFIX = 'docker-';

export interface Crowd extends AsyncDisposable {
  readonly size: number;
}

/** So many processes that do nothing, until it is disposed of. */
export function startProcesses(count: number): Promise<Crowd> {
  return start(count, [], () => {});
}

/** So many groups that are named as those of containers, with a process each. No runtime knows them. */
export function startContainers(count: number): Promise<Crowd> {
  const groups = Array.from({ length: count }, (_, number) =>
    join(FOLDER, PREFIX + number.toString(16).padStart(64, '0')),
  );
  for (const group of groups) mkdirSync(group, { recursive: true });
  return start(count, [FOLDER, PREFIX], () => {
    for (const group of [...groups, FOLDER]) rmdirSync(group);
  });
}

/** How many processes may be alive, with those of others. */
const PID_MAX = '/proc/sys/kernel/pid_max';
const THREADS_MAX = '/proc/sys/kernel/threads-max';

/** What is left to others. */
const SHARE = 0.8;

export interface Room extends Disposable {
  /** How many a crowd may have. */
  readonly most: number;
}

/** Has the kernel permit so many processes until this is disposed of, if it does not by itself; fewer where it refuses. */
export function roomForProcesses(count: number): Room {
  const before = readNumber(PID_MAX);
  const needed = Math.ceil(count / SHARE);
  if (before < needed) tryWriting(PID_MAX, needed);
  return {
    most: Math.floor(Math.min(readNumber(PID_MAX), readNumber(THREADS_MAX)) * SHARE),
    [Symbol.dispose]() {
      if (before < needed) tryWriting(PID_MAX, before);
    },
  };
}

function readNumber(file: string): number {
  return Number(readFileSync(file, 'utf8'));
}

function tryWriting(file: string, value: number): void {
  try {
    writeFileSync(file, `${value}`);
  } catch {
    // Read-only in a container, or below what processes that are alive have: what is possible is read afterwards.
  }
}

async function start(size: number, words: readonly string[], remove: () => void): Promise<Crowd> {
  const program = cProgram(join(import.meta.dirname, '../../support/programs/sleepers.c'));
  const child = spawn(program, [String(size), ...words], { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const [first] = await Promise.race([once(child.stdout, 'data'), closed]);
  if (!Buffer.isBuffer(first)) {
    remove();
    throw new BenchError(`${size} processes can't be started here`);
  }
  return {
    size,
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await closed;
      remove();
    },
  };
}
