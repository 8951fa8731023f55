// A command run by the shell, in its own process group so that all of it can be killed.

import { type ChildProcess, spawn } from 'node:child_process';
import { Writable } from 'node:stream';

export interface ShellCommand {
  readonly input: Writable;
  /** Resolves when the shell has exited, with the error if it failed; never rejects. */
  readonly ended: Promise<Error | undefined>;
  /** Kills the shell and all processes that it has started. */
  kill(): void;
}

/** Like popen(3): `sh -c`, a pipe as standard input, our other streams. Never throws: a command that can't be started counts as exited. */
export function startShellCommand(command: string): ShellCommand {
  let child: ChildProcess;
  try {
    child = spawn('/bin/sh', ['-c', command], { stdio: ['pipe', 'inherit', 'inherit'], detached: true });
  } catch (error) {
    // Node throws unexpected errors of system calls: no memory, a command that is too long.
    const reason = error instanceof Error ? error : new Error(String(error));
    return { input: nobodysInput(), ended: Promise.resolve(reason), kill: () => {} };
  }
  // Undefined when no descriptors are left for the pipe.
  const input = child.stdin ?? nobodysInput();
  // A program that has read enough closes its end; its exit status shows whether that is an error.
  input.on('error', () => {});
  return { input, ended: outcome(child), kill: () => killGroup(child) };
}

/** Accepts nothing: writes wait until it is destroyed. */
function nobodysInput(): Writable {
  return new Writable({ write: () => {} }).on('error', () => {});
}

function outcome(child: ChildProcess): Promise<Error | undefined> {
  return new Promise((resolve) => {
    child.once('error', resolve);
    child.once('exit', (status, signal) => {
      if (status === 0) resolve(undefined);
      else
        resolve(new Error(signal ? `the program was killed by ${signal}` : `the program exited with status ${status}`));
    });
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has exited.
  }
}
