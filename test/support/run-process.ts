// `wasprey run` as a process of its own: what it writes to either stream, and how it ends.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROJECT } from '../../host/setup/paths.mjs';

const PATIENCE_MS = 30_000;

export interface RunProcess {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Fails after half a minute, with what the agent wrote. */
  until<Result>(what: string, ask: () => Result | undefined): Promise<Result>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves with the exit status when it has ended and all that it wrote is here. */
  readonly ended: Promise<number | null>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts without the bootstrap: a signal is for the agent itself, and what it needs is there since the suite prepares it. */
export function startRun(...words: string[]): RunProcess {
  return startRunIn({}, ...words);
}

/** The same by another program, which is given the agent's command line and becomes the agent. */
export function startRunBy(launcher: readonly string[], ...words: string[]): RunProcess {
  return start(launcher, {}, words);
}

/** With these variables besides. */
export function startRunIn(environment: Readonly<Record<string, string>>, ...words: string[]): RunProcess {
  return start([], environment, words);
}

function start(
  launcher: readonly string[],
  environment: Readonly<Record<string, string>>,
  words: readonly string[],
): RunProcess {
  const [program = '', ...rest] = [...launcher, join(PROJECT, 'node_modules/.bin/node'), 'host/cli/main.ts', 'run'];
  const child = spawn(program, [...rest, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: PROJECT,
    env: { ...process.env, ...environment },
  });
  const { pid } = child;
  assert.ok(pid !== undefined, 'it could not be started');
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([status]) => status as number | null);
  return {
    pid,
    stdout: () => stdout,
    stderr: () => stderr,
    async until(what, ask) {
      const deadline = performance.now() + PATIENCE_MS;
      for (;;) {
        const result = ask();
        if (result !== undefined) return result;
        const wrote = `It wrote:\n${stdout}\nand to standard error:\n${stderr}`;
        assert.ok(performance.now() < deadline, `not within ${PATIENCE_MS / 1000} s: ${what}. ${wrote}`);
        await sleep(50);
      }
    },
    kill: (signal) => child.kill(signal),
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
