// The npm packages: whether node_modules holds what package-lock.json names, and `npm ci` when it doesn't.
// npm leaves a lock file of what it installed in node_modules as its last act, so that an interrupted installation, one without
// development packages and one of another lock file all show; a person's own `npm ci` is as good as ours.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SetupFailure } from './failure.mjs';
import { PROJECT } from './paths.mjs';
import { runTool } from './run-tool.mjs';
import { isPinnedRuntime, RUNTIME } from './runtime.mjs';

/**
 * A package as a lock file of npm has it.
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, os?: string | string[], cpu?: string | string[], libc?: string | string[] }} LockEntry
 */
/** @typedef {{ packages?: Record<string, LockEntry> }} LockFile */

/** @returns {boolean} whether node_modules is what package-lock.json says */
export function nodePackagesInstalled() {
  try {
    const [wanted, installed] = ['package-lock.json', 'node_modules/.package-lock.json'].map((path) =>
      JSON.parse(readFileSync(`${PROJECT}${path}`, 'utf8')),
    );
    const machine = { os: process.platform, cpu: process.arch };
    return existsSync(RUNTIME) && firstDifference(wanted, installed, machine) === undefined;
  } catch {
    return false;
  }
}

/**
 * @param {LockFile} wanted package-lock.json
 * @param {LockFile} installed node_modules/.package-lock.json
 * @param {{ os: string, cpu: string }} machine
 * @returns {string | undefined} the first package that is missing or another
 */
export function firstDifference(wanted, installed, machine) {
  const allows = (/** @type {string | string[] | undefined} */ values, /** @type {string} */ own) =>
    values === undefined || [values].flat().includes(own);
  for (const [path, { version, integrity, os, cpu, libc, optional }] of Object.entries(wanted.packages ?? {})) {
    // "" is the project itself. Which C library npm found is not known here: a package of either's may be absent.
    const isWanted = path !== '' && allows(os, machine.os) && allows(cpu, machine.cpu) && !(optional && libc);
    const found = installed.packages?.[path];
    if (isWanted && !(found && found.version === version && found.integrity === integrity)) return path;
  }
  return undefined;
}

/**
 * The options that decide the result of `npm ci` are given here, so that a user's npmrc, npm_config_* or NODE_ENV doesn't change it.
 * None of the packages needs its install script, and none may run one.
 */
const CI_OPTIONS =
  '--include=dev --include=optional --include=peer --install-strategy=hoisted --bin-links=true --package-lock=true --dry-run=false ' +
  '--global=false --ignore-scripts=true --audit=false --fund=false --progress=false --loglevel=warn';

/**
 * How to call npm: as the npm that runs this script, else the one in PATH.
 * @param {NodeJS.ProcessEnv} environment
 * @returns {{ command: string, first: string[] }}
 */
export function npmCommand(environment) {
  const { npm_execpath: script, npm_node_execpath: node } = environment;
  if (script?.endsWith('npm-cli.js') && existsSync(script)) {
    // Not on the pinned runtime: `npm ci` deletes it before it installs it again.
    const command = node !== undefined && existsSync(node) ? node : process.execPath;
    return { command, first: [script] };
  }
  const beside = join(dirname(process.execPath), 'npm');
  return { command: !isPinnedRuntime() && existsSync(beside) ? beside : 'npm', first: [] };
}

/**
 * @param {number} lock descriptor that npm inherits
 * @throws {SetupFailure}
 */
export function installNodePackages(lock) {
  const { command, first } = npmCommand(process.env);
  const { NODE_ENV: _ignored, ...environment } = process.env;
  const words = [...first, 'ci', ...CI_OPTIONS.split(' ')];
  const { status, output, log } = runTool({ command, arguments: words, environment, log: 'npm', lock });
  const failure = (/** @type {string} */ what, /** @type {string} */ how) =>
    new SetupFailure('set-up could not install the npm packages', [{ what, how }], { output, log });
  if (status === 127)
    throw failure('there is no npm', 'install npm (Debian 13: apt-get install npm) and run this again');
  if (status !== 0) {
    const how =
      "see below what npm says: where its registry can't be reached, connect this machine (or set npm's proxy or registry)";
    throw failure('`npm ci` failed', `${how}; then run this again`);
  }
  if (!nodePackagesInstalled()) {
    throw failure(
      '`npm ci` ended well, but node_modules is not what package-lock.json says, or lacks the pinned runtime',
      "look for npm settings that leave packages out (npm config list), and whether this processor's runtime is in package.json",
    );
  }
}
