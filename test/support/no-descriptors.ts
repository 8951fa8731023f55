// A process that has as many files open as it may.

import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/** Few, so that they are soon used up. */
const MOST = 64;

/** Does it while this process can open nothing. */
export async function withoutDescriptors(work: () => Promise<void>): Promise<void> {
  const own = ['--pid', `${process.pid}`];
  const [soft, hard] = execFileSync('prlimit', [...own, '--nofile', '--noheadings', '--output=SOFT,HARD'])
    .toString()
    .trim()
    .split(/ +/);
  const limit = (most: string | undefined) => execFileSync('prlimit', [...own, `--nofile=${most}:${hard}`]);
  const taken: number[] = [];
  limit(`${MOST}`);
  try {
    takeAll(taken);
    await work();
  } finally {
    for (const descriptor of taken) closeSync(descriptor);
    limit(soft);
  }
}

function takeAll(taken: number[]): void {
  for (;;) {
    try {
      taken.push(openSync('/dev/null', 'r'));
    } catch {
      return;
    }
  }
}
