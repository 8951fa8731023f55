// Tools that make what guests are booted with.

import { execFileSync } from 'node:child_process';

/** Runs a command: what it prints. Its failure has its words. */
export function runTool(command: string, words: readonly string[], directory = '/'): string {
  return execFileSync(command, words, {
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 << 20,
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  });
}
