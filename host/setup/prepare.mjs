// Set-up: finds out what a command needs and lacks, and makes it, in the order in which failure costs least.
// When nothing is lacking it only looks (a few milliseconds) and prints nothing.

import { mkdirSync } from 'node:fs';
import { installationObstacle, installTools } from './apt.mjs';
import { SetupFailure } from './failure.mjs';
import { takeLock } from './lock.mjs';
import { requireMachine } from './machine.mjs';
import { buildNative, isCheckout, nativeBuilt } from './native-build.mjs';
import { installNodePackages, nodePackagesInstalled } from './node-packages.mjs';
import { SETUP_STATE } from './paths.mjs';
import { formatSeconds, Progress } from './progress.mjs';
import { missingTools } from './system-tools.mjs';

/** @import { Needs } from './bootstrap-arguments.mjs' */
/** @import { Purpose, SystemTool } from './system-tools.mjs' */

/**
 * @typedef {object} Lacking
 * @property {SystemTool[]} tools
 * @property {boolean} nodePackages
 * @property {boolean} native
 */

/**
 * What each level needs: a machine that can capture, the BPF objects and the addon, and system tools beyond those that build these.
 * @type {Readonly<Record<Needs, { capture: boolean, native: boolean, purposes: readonly Purpose[] }>>}
 */
const LEVELS = {
  packages: { capture: false, native: false, purposes: [] },
  release: { capture: false, native: false, purposes: ['build', 'release'] },
  native: { capture: false, native: true, purposes: [] },
  capture: { capture: true, native: true, purposes: [] },
  'live-tests': { capture: true, native: true, purposes: ['live-tests'] },
  'cluster-tests': { capture: true, native: true, purposes: ['build', 'release', 'live-tests', 'cluster-tests'] },
  'package-tests': { capture: true, native: false, purposes: ['build', 'release', 'package-tests'] },
  'kernel-tests': { capture: true, native: true, purposes: ['build', 'release', 'live-tests', 'kernel-tests'] },
};

/**
 * Levels that this process has made sure of.
 * @type {Set<Needs>}
 */
const prepared = new Set();

/**
 * Makes sure of all that a level needs.
 * @param {Needs} needs
 * @returns {Promise<void>}
 * @throws {SetupFailure} when something is missing that set-up can't supply
 * @throws {Interrupted} when a signal ended it
 */
export async function prepare(needs) {
  if (prepared.has(needs)) return;
  // First, since no installation helps a machine that can't capture.
  if (LEVELS[needs].capture) requireMachine();
  if (!isComplete(lacking(needs))) {
    await setUp(needs).catch((error) => {
      throw diskFailure(error) ?? error;
    });
  }
  prepared.add(needs);
}

/** @param {Needs} needs */
async function setUp(needs) {
  const progress = new Progress();
  mkdirSync(SETUP_STATE, { recursive: true });
  const lock = takeLock(`${SETUP_STATE}lock`, () =>
    progress.say('Another set-up of this checkout is running; waiting for it.'),
  );
  try {
    const todo = lacking(needs);
    if (!isComplete(todo)) {
      refuseEarly(todo);
      progress.say('Setting up Wasprey: what is missing is installed and built, once.');
      await supply(todo, progress, lock.descriptor);
    }
    if (!isComplete(todo)) progress.say(`Set up in ${formatSeconds(performance.now() - progress.began)}.`);
  } finally {
    lock.release();
  }
}

/**
 * @param {unknown} error
 * @returns {SetupFailure | undefined} if it is the file system's: no space, read-only, another's checkout
 */
function diskFailure(error) {
  if (!(error instanceof Error && 'code' in error && 'path' in error)) return undefined;
  const { code, path } = error;
  const how =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'make room on the disk (about 1 GB is needed) and run this again'
      : code === 'EACCES' || code === 'EPERM'
        ? 'run this as the owner of the checkout, or as root'
        : 'put the checkout on a file system that can be written';
  return new SetupFailure('set-up can not write to the checkout', [{ what: `${path}: ${error.message}`, how }]);
}

/**
 * @param {Needs} needs
 * @returns {Lacking}
 */
function lacking(needs) {
  const level = LEVELS[needs];
  const native = level.native && !nativeBuilt();
  /** @type {Purpose[]} */
  const purposes = native && isCheckout() ? ['build', ...level.purposes] : [...level.purposes];
  // An installation has those of production alone, and they came with it.
  return { tools: missingTools(purposes), nodePackages: isCheckout() && !nodePackagesInstalled(), native };
}

/** @param {Lacking} todo */
function isComplete({ tools, nodePackages, native }) {
  return tools.length === 0 && !nodePackages && !native;
}

/**
 * Says at once what must be installed by hand, before the other steps take their time.
 * @param {Lacking} todo
 */
function refuseEarly({ tools, native }) {
  if (native && !isCheckout()) {
    throw new SetupFailure('the capture core is missing', [
      { what: 'this installation has neither the addon nor its sources', how: 'install Wasprey again' },
    ]);
  }
  const obstacle = tools.length > 0 ? installationObstacle(tools) : undefined;
  if (obstacle) throw obstacle;
}

/**
 * @param {Lacking} todo
 * @param {Progress} progress
 * @param {number} lock
 */
async function supply(todo, progress, lock) {
  if (todo.tools.length > 0) {
    const names = todo.tools.map((tool) => tool.packages[0]).join(' ');
    await progress.step('system packages', names, (note) => installTools(todo.tools, note, lock));
  }
  if (todo.nodePackages) {
    await progress.step('npm packages', 'as package-lock.json has them', (note) => installNodePackages(note, lock));
  }
  if (todo.native) {
    await progress.step('capture core', 'BPF programs and addon', (note) => buildNative(note, lock));
  }
}
