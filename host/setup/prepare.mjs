// Set-up: finds what a command needs and lacks, and supplies it, in the order in which a failure costs least.
// If nothing is missing it only checks (a few milliseconds) and prints nothing.

import { mkdirSync } from 'node:fs';
import { installationObstacle, installTools } from './apt.mjs';
import { SetupFailure } from './failure.mjs';
import { takeLock } from './lock.mjs';
import { requireMachine } from './machine.mjs';
import { buildNative, isCheckout, nativeBuilt } from './native-build.mjs';
import { installNodePackages, nodePackagesInstalled } from './node-packages.mjs';
import { buildPage, pageBuilt } from './page-build.mjs';
import { SETUP_STATE } from './paths.mjs';
import { formatSeconds, showStep } from './progress.mjs';
import { missingTools } from './system-tools.mjs';

/**
 * What a command may need: a machine that can capture; the BPF objects, the addon and the page; and system tools beyond those that build these.
 * Each includes the npm packages, which `packages` is alone.
 */
export const LEVELS = /** @type {const} */ ({
  packages: { capture: false, native: false, purposes: [] },
  check: { capture: false, native: false, purposes: ['build', 'check'] },
  release: { capture: false, native: false, purposes: ['build', 'release'] },
  native: { capture: false, native: true, purposes: [] },
  capture: { capture: true, native: true, purposes: [] },
  'live-tests': { capture: true, native: true, purposes: ['live-tests'] },
  'page-tests': { capture: true, native: true, purposes: ['live-tests', 'page-tests'] },
  'cluster-tests': { capture: true, native: true, purposes: ['build', 'release', 'live-tests', 'cluster-tests'] },
  'package-tests': { capture: true, native: false, purposes: ['build', 'release', 'package-tests'] },
  'kernel-tests': { capture: true, native: true, purposes: ['build', 'release', 'live-tests', 'kernel-tests'] },
});

/** @typedef {keyof typeof LEVELS} Needs */

/** Levels that this process has made sure of. @type {Set<Needs>} */
const prepared = new Set();

/**
 * Makes sure of all that a level needs.
 * @param {Needs} needs
 * @returns {Promise<void>}
 * @throws {SetupFailure} when something is missing that set-up can't supply
 */
export async function prepare(needs) {
  if (prepared.has(needs)) return;
  // First, since no installation helps a machine that can't capture.
  if (LEVELS[needs].capture) requireMachine();
  if (isLacking(lacking(needs))) {
    await setUp(needs).catch((error) => {
      throw diskFailure(error) ?? error;
    });
  }
  prepared.add(needs);
}

/** @param {Needs} needs */
async function setUp(needs) {
  const say = (/** @type {string} */ text) => process.stderr.write(`${text}\n`);
  const began = performance.now();
  mkdirSync(SETUP_STATE, { recursive: true });
  const { descriptor, release } = takeLock(`${SETUP_STATE}lock`, () =>
    say('Another set-up of this checkout is running; waiting for it.'),
  );
  try {
    const todo = lacking(needs);
    if (!isLacking(todo)) return;
    refuseEarly(todo);
    say('Setting up Wasprey: what is missing is installed and built, once (in full: build/setup/*.log).');
    await supply(todo, descriptor);
    say(`Set up in ${formatSeconds(performance.now() - began)}.`);
  } finally {
    release();
  }
}

/**
 * @param {Error & { code?: string, path?: string }} error
 * @returns {SetupFailure | undefined} if it is the file system's: no space, read-only, another's checkout
 */
function diskFailure({ code, path, message }) {
  if (code === undefined || path === undefined) return undefined;
  const how = 'make room on its disk (about 1 GB is needed), or run this as the owner of the checkout or as root';
  return new SetupFailure('set-up can not write to the checkout', [{ what: `${path}: ${message}`, how }]);
}

/** @param {Needs} needs */
function lacking(needs) {
  const level = LEVELS[needs];
  const native = level.native && !nativeBuilt();
  return {
    tools: missingTools(native && isCheckout() ? ['build', ...level.purposes] : level.purposes),
    // An installation has those of production alone, and they came with it.
    nodePackages: isCheckout() && !nodePackagesInstalled(),
    native,
    page: (level.native || level.purposes.some((purpose) => purpose === 'release')) && !pageBuilt(),
  };
}

/** @typedef {ReturnType<typeof lacking>} Lacking */

/** @param {Lacking} todo */
const isLacking = ({ tools, nodePackages, native, page }) => tools.length > 0 || nodePackages || native || page;

/**
 * Reports what must be installed by hand, before the other steps take their time.
 * @param {Lacking} todo
 */
function refuseEarly({ tools, native, page }) {
  if ((native || page) && !isCheckout()) {
    throw new SetupFailure('a part of the installation is missing', [
      {
        what: `this installation has neither the ${native ? 'addon' : 'page'} nor its sources`,
        how: 'install Wasprey again',
      },
    ]);
  }
  const obstacle = tools.length > 0 ? installationObstacle(tools) : undefined;
  if (obstacle) throw obstacle;
}

/**
 * @param {Lacking} todo
 * @param {number} lock
 */
async function supply({ tools, nodePackages, native, page }, lock) {
  const packages = tools.map((tool) => tool.package).join(' ');
  if (tools.length > 0) await showStep('system packages', packages, () => installTools(tools, lock));
  if (nodePackages) {
    await showStep('npm packages', 'as package-lock.json has them', () => installNodePackages(lock));
  }
  if (page) await showStep('page', 'script and styles', () => buildPage(lock));
  if (native) await showStep('capture core', 'BPF programs and addon', () => buildNative(lock));
}
