// A command that the shell runs, in a process group of its own so that all of it can be ended.

import { type ChildProcess, spawn } from 'node:child_process';
import { Writable } from 'node:stream';

export interface ShellCommand {
  readonly input: Writable;
  /** Resolves when the shell has ended, with why it did not end well; never rejects. */
  readonly ended: Promise<Error | undefined>;
  /** Ends the shell and whatever it has started, at once. */
  kill(): void;
}

/** As popen(3) does it: `sh -c`, a pipe as its standard input, the other streams are ours. Never throws: what can't be started has ended. */
export function startShellCommand(command: string): ShellCommand {
  let child: ChildProcess;
  try {
    child = spawn('/bin/sh', ['-c', command], { stdio: ['pipe', 'inherit', 'inherit'], detached: true });
  } catch (error) {
    // Node throws what it does not expect of a system call: no memory, a command that is too long.
    const reason = error instanceof Error ? error : new Error(String(error));
    return { input: nobodysInput(), ended: Promise.resolve(reason), kill: () => {} };
  }
  // Where there are no descriptors left for a pipe there is none.
  const input = child.stdin ?? nobodysInput();
  // A program that has read enough closes its end; whether that is an error is told by its status.
  input.on('error', () => {});
  return { input, ended: outcome(child), kill: () => killGroup(child) };
}

/** Takes nothing: what is written to it waits until it is destroyed. */
function nobodysInput(): Writable {
  return new Writable({ write: () => {} }).on('error', () => {});
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
