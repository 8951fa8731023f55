// Runs an entry on the pinned runtime: in this process when it is that runtime already (no second start-up to pay),
// else in a child that gets this process's signals and whose exit status becomes this one's.

import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PROJECT } from './paths.mjs';
import { isPinnedRuntime, RUNTIME, RUNTIME_OPTIONS } from './runtime.mjs';

/**
 * @param {string} entry path of a module, relative to the project; importing it runs it, and argv[1] is its path
 * @param {readonly string[]} entryArguments
 * @returns {Promise<void>} when the entry's module is evaluated, or the child has ended
 */
export async function handOver(entry, entryArguments) {
  const path = resolve(PROJECT, entry);
  if (isPinnedRuntime()) {
    process.argv.splice(1, process.argv.length, path, ...entryArguments);
    await import(pathToFileURL(path).href);
    return;
  }
  const child = spawn(RUNTIME, [...RUNTIME_OPTIONS, path, ...entryArguments], { stdio: 'inherit' });
  // On Ctrl-C the terminal sends it to the child too; it gets the signal twice then, which entries must expect anyway: npm passes signals on as well.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'])) {
    process.on(signal, () => child.kill(signal));
  }
  await new Promise((done, failed) => {
    child.on('error', failed);
    child.on('exit', (status, signal) => {
      process.exitCode = status ?? 1;
      if (signal !== null) {
        process.removeAllListeners(signal);
        process.kill(process.pid, signal);
      }
      done(undefined);
    });
  });
}
