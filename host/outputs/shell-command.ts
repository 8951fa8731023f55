// A command that the shell runs, in a process group of its own so that all of it can be ended.

import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';

export interface ShellCommand {
  readonly input: Writable;
  /** Resolves when the shell has ended, with why it did not end well; never rejects. */
  readonly ended: Promise<Error | undefined>;
  /** Ends the shell and whatever it has started, at once. */
  kill(): void;
}

/** As popen(3) does it: `sh -c`, a pipe as its standard input, the other streams are ours. */
export function startShellCommand(command: string): ShellCommand {
  const child = spawn('/bin/sh', ['-c', command], { stdio: ['pipe', 'inherit', 'inherit'], detached: true });
  // A program that has read enough closes its end; whether that is an error is told by its status.
  child.stdin.on('error', () => {});
  return { input: child.stdin, ended: outcome(child), kill: () => killGroup(child) };
}

function outcome(child: ChildProcess): Promise<Error | undefined> {
  return new Promise((resolve) => {
    child.once('error', resolve);
    child.once('exit', (status, signal) => {
      if (status === 0) resolve(undefined);
      else
        resolve(new Error(signal ? `the program was ended by ${signal}` : `the program ended with status ${status}`));
    });
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
