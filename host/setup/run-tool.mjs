// Runs a tool of set-up (apt-get, npm, make) with its output in a log file, and ends it when set-up is interrupted.

import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { Interrupted } from './failure.mjs';
import { SETUP_STATE } from './paths.mjs';

/** Lines of a failed tool that a message shows. */
const SHOWN_LINES = 15;

/**
 * @typedef {object} ToolRun
 * @property {string} command
 * @property {readonly string[]} arguments
 * @property {string} [directory]
 * @property {NodeJS.ProcessEnv} [environment]
 * @property {string} log name of the log in build/setup/
 * @property {boolean} [appendLog] keep what is in the log
 * @property {(line: string) => void} [note] gets each line of output
 * @property {number} [keepOpen] a descriptor that the tool inherits as its 3 (set-up's lock: it holds until the tool is gone)
 */

/**
 * @param {ToolRun} run
 * @returns {Promise<{ status: number, output: string, log: string }>} status 127 when there is no such command; the last lines
 * @throws {Interrupted} when a signal ended set-up; the tool has ended by then
 */
export async function runTool(run) {
  const log = `${SETUP_STATE}${run.log}.log`;
  const sink = createWriteStream(log, { flags: run.appendLog ? 'a' : 'w' });
  sink.write(`$ ${[basename(run.command), ...run.arguments].join(' ')}\n`);
  const child = spawn(run.command, run.arguments, {
    cwd: run.directory,
    env: run.environment ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe', run.keepOpen ?? 'ignore'],
  });

  /** @type {Interrupted['signal'] | undefined} */
  let interruptedBy;
  const listeners = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']).map((signal) => {
    const listener = () => {
      interruptedBy = signal;
      child.kill('SIGTERM');
    };
    process.on(signal, listener);
    return { signal, listener };
  });

  /** @type {string[]} */
  const lastLines = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    stream.on('data', (bytes) => sink.write(bytes));
    createInterface({ input: stream }).on('line', (line) => {
      if (line.trim() === '') return;
      run.note?.(line);
      lastLines.push(line);
      if (lastLines.length > SHOWN_LINES) lastLines.shift();
    });
  }

  const status = await new Promise((done) => {
    child.on('error', (error) => {
      lastLines.push(error.message);
      done(127);
    });
    child.on('close', (code) => done(code ?? 1));
  });
  for (const { signal, listener } of listeners) process.off(signal, listener);
  await new Promise((done) => sink.end(() => done(undefined)));
  if (interruptedBy !== undefined) throw new Interrupted(interruptedBy);
  return { status, output: lastLines.join('\n'), log };
}
