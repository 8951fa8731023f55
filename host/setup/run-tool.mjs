// Runs a tool of set-up (apt-get, npm, make) with its output in a log file. A signal ends set-up at once, as it does any program. What
// the tool still does then, it does under set-up's lock, and the next set-up waits for that.

import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { PROJECT, SETUP_STATE } from './paths.mjs';

/** Lines of a failed tool that a message shows. */
const SHOWN_LINES = 15;

/**
 * @typedef {object} ToolRun
 * @property {string} command
 * @property {readonly string[]} arguments
 * @property {NodeJS.ProcessEnv} environment
 * @property {string} log name of the log in build/setup/
 * @property {number} lock a descriptor that the tool inherits as its 3: set-up's lock, which holds until the tool is gone
 */

/**
 * @param {ToolRun} run
 * @returns {{ status: number, output: string, log: string }} status 127 when there is no such command; the last lines
 */
export function runTool({ command, arguments: words, environment, log: name, lock }) {
  const log = `${SETUP_STATE}${name}.log`;
  const output = openSync(log, 'w');
  writeSync(output, `$ ${[basename(command), ...words].join(' ')}\n`);
  const { status, error } = spawnSync(command, words, {
    cwd: PROJECT,
    env: environment,
    stdio: ['ignore', output, output, lock],
  });
  if (error) writeSync(output, `${error.message}\n`);
  closeSync(output);
  const lines = readFileSync(log, 'utf8').split('\n').slice(1);
  const shown = lines.filter((line) => line.trim() !== '').slice(-SHOWN_LINES);
  return { status: status ?? (error ? 127 : 1), output: shown.join('\n'), log };
}
