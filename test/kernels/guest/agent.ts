// `wasprey run`, as a process of its own: how long it takes to start, and the alerts that come.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { RUNTIME_OPTIONS } from '../../../host/setup/runtime.mjs';
import { until } from '../../support/until.ts';

export interface StartedAgent {
  /** From the start of the process until it watches. */
  readonly startMs: number;
  /** The line of the first alert of that rule. */
  alert(rule: string): Promise<string>;
  stop(): Promise<void>;
}

/** Longest time until it watches, where its rules have to be compiled first. */
const START_MS = 60_000;

export async function startAgent(
  words: readonly string[],
  command: readonly string[] = [process.execPath, ...RUNTIME_OPTIONS, 'host/cli/main.ts', 'run', '--json'],
): Promise<StartedAgent> {
  const began = performance.now();
  const [program = '', ...options] = command;
  // In a group of its own, as a shell starts it: npm does not hand SIGINT on, a terminal sends it to the group.
  const child = spawn(program, [...options, ...words], {
    cwd: PROJECT,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const signal = (name: NodeJS.Signals): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, name);
  };
  let alerts = '';
  let messages = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    alerts += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    messages += chunk;
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  try {
    await until(() => messages.includes('watching by') || child.exitCode !== null, START_MS);
    assert.equal(child.exitCode, null, `it ended with status ${child.exitCode}`);
  } catch (error) {
    signal('SIGKILL');
    throw new Error(`the agent did not start, it said:\n${messages}`, { cause: error });
  }
  return {
    startMs: Math.round(performance.now() - began),
    async alert(rule) {
      const find = () => alerts.split('\n').find((line) => line.includes(`"rule":"${rule}"`) && line.endsWith('}'));
      try {
        return await until(find);
      } catch {
        assert.fail(`no alert of "${rule}"; the agent said:\n${messages}\nits last alerts:\n${alerts.slice(-1000)}`);
      }
    },
    async stop() {
      signal('SIGINT');
      await ended;
    },
  };
}
