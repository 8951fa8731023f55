// `wasprey run`, as a process of its own: how long it takes to start, and the alerts that come.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { until } from '../../support/until.ts';

export interface StartedAgent {
  /** From the start of the process until it watches. */
  readonly startMs: number;
  /** What it has written to stderr. */
  messages(): string;
  /** The line of the first alert of that rule. */
  alert(rule: string): Promise<string>;
  stop(): Promise<void>;
}

/** Longest time until it watches, where its rules have to be compiled first. */
const START_MS = 60_000;

/** @param command with the options and rules; alerts are printed as lines of JSON */
export async function startAgent(command: readonly string[]): Promise<StartedAgent> {
  const began = performance.now();
  const [program = '', ...words] = command;
  // In a group of its own, as a shell starts it: npm does not hand SIGINT on, a terminal sends it to the group.
  const child = spawn(program, words, { cwd: PROJECT, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const signal = (name: NodeJS.Signals): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, name);
  };
  /** The first line of each rule. */
  const alerts = new Map<string, string>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const rule = /"rule":"([^"]*)"/.exec(line)?.[1];
    if (rule !== undefined && !alerts.has(rule)) alerts.set(rule, line);
  });
  let messages = '';
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
    messages: () => messages,
    async alert(rule) {
      try {
        return await until(() => alerts.get(rule));
      } catch {
        const ofTheAgent = [...alerts]
          .filter(([name]) => name.startsWith('Wasprey internal'))
          .map(([, line]) => `${line}\n`);
        const names = [...alerts.keys()].join(', ');
        assert.fail(`no alert of "${rule}", but of ${names}; the agent said:\n${messages}${ofTheAgent.join('')}`);
      }
    },
    async stop() {
      signal('SIGINT');
      await ended;
    },
  };
}
