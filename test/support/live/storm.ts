// Storms of lifecycle records on all CPUs, at nice 5, by a user without privilege, or by root, in a cgroup of their own.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { cProgram } from '../programs/c-program.ts';
import { CGROUPS } from './cgroup-place.ts';

/** What each storm does over and over. */
export const STORMS = {
  chdir: 'changes of the directory',
  bomb: 'a fork bomb, of 300 processes at a time',
  exec: 'executions, with 3 KB of environment',
  users: 'the same by a user each, in a pid namespace, by root in a cgroup of its own',
  setuid: 'setuid to the same user',
  setsid: 'forks that start a session',
  capset: 'capabilities put down and taken up, in a user namespace',
  setpgid: 'changes of the process group',
  unshare: 'unshare(CLONE_FS)',
  events: 'changes of the directory, each followed by an open',
  threads: 'threads with a directory of their own, which change it and open',
  children: 'processes that change their directory and open',
  shared: 'the same changes by two processes that share a directory',
  crowd: 'opens by 100 processes in turn',
  requests: 'opens of long paths by io_uring, whose events another process makes',
} as const;

/** What the last of them opens, in vain. */
export const OPENED = '/nonexistent/storm';

export type Storm = keyof typeof STORMS;

export const STORM_NAMES = Object.keys(STORMS) as Storm[];

const ROOT = 0;
const NOBODY = 65534;

/** Of a storm that deserves the name. */
export const LEAST_ROUNDS = 101;

export interface RunningStorm {
  /** Has made LEAST_ROUNDS, or has ended. */
  readonly hasRaged: boolean;
  /** Resolves with the number of rounds when it has ended. */
  readonly ended: Promise<number>;
  /** Ends it. Returns how many rounds it has done. */
  end(): Promise<number>;
}

/** @param seconds after which it ends by itself, and the number of rounds that end it sooner, LEAST_ROUNDS or more */
export function startStorm(storm: Storm, cpus: readonly number[], seconds: number, rounds = 2 ** 52): RunningStorm {
  const program = cProgram(join(import.meta.dirname, '../programs/storm.c'));
  // In a container of root, which the tests may run in, processes share by their cgroup, whichever user they are of.
  const place = `${CGROUPS}/wasprey-storm-${process.pid}`;
  const words = [program, storm, seconds, LEAST_ROUNDS, rounds, storm === 'users' ? ROOT : NOBODY, ...cpus].map(String);
  mkdirSync(place, { recursive: true });
  const child = spawn('sh', ['-c', `echo $$ > ${place}/cgroup.procs && exec "$0" "$@"`, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: '/',
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  let isOver = false;
  const ended = once(child, 'close').then(([status]) => {
    isOver = true;
    rmdirSync(place);
    assert.equal(status, 0, `the storm ${storm} failed`);
    return Number(printed);
  });
  return {
    get hasRaged() {
      return isOver || printed !== '';
    },
    ended,
    end() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
