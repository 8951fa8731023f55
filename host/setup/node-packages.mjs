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
 * @typedef {object} LockEntry
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [optional]
 * @property {string | string[]} [os]
 * @property {string | string[]} [cpu]
 * @property {string | string[]} [libc]
 */
/** @typedef {{ packages?: Record<string, LockEntry> }} LockFile */

/** @returns {boolean} whether node_modules is what package-lock.json says */
export function nodePackagesInstalled() {
  try {
    const wanted = JSON.parse(readFileSync(`${PROJECT}package-lock.json`, 'utf8'));
    const installed = JSON.parse(readFileSync(`${PROJECT}node_modules/.package-lock.json`, 'utf8'));
    return (
      existsSync(RUNTIME) &&
      firstDifference(wanted, installed, { os: process.platform, cpu: process.arch }) === undefined
    );
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
  for (const [path, entry] of Object.entries(wanted.packages ?? {})) {
    // "" is the project itself.
    if (path === '' || !isForMachine(entry, machine)) continue;
    const found = installed.packages?.[path];
    if (found === undefined || found.version !== entry.version || found.integrity !== entry.integrity) return path;
  }
  return undefined;
}

/**
 * @param {LockEntry} entry
 * @param {{ os: string, cpu: string }} machine
 */
function isForMachine(entry, machine) {
  const allows = (/** @type {string | string[] | undefined} */ values, /** @type {string} */ own) =>
    values === undefined || [values].flat().includes(own);
  // Which C library npm found is not known here: a package of either's may be absent.
  return (
    allows(entry.os, machine.os) && allows(entry.cpu, machine.cpu) && !(entry.optional && entry.libc !== undefined)
  );
}

/** What decides the result of `npm ci` is said here, so that a user's npmrc, npm_config_* or NODE_ENV doesn't change it. */
const CI_OPTIONS = [
  '--include=dev',
  '--include=optional',
  '--include=peer',
  '--install-strategy=hoisted',
  '--bin-links=true',
  '--package-lock=true',
  '--dry-run=false',
  '--global=false',
  // None of the packages needs its install script, and none may run one.
  '--ignore-scripts=true',
  '--audit=false',
  '--fund=false',
  '--progress=false',
  '--loglevel=warn',
];

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
 * @param {(line: string) => void} note gets npm's output
 * @param {number} lock descriptor that npm inherits
 * @throws {SetupFailure}
 */
export async function installNodePackages(note, lock) {
  const { command, first } = npmCommand(process.env);
  const { NODE_ENV: _ignored, ...environment } = process.env;
  const { status, output, log } = await runTool({
    command,
    arguments: [...first, 'ci', ...CI_OPTIONS],
    directory: PROJECT,
    environment,
    log: 'npm',
    note,
    keepOpen: lock,
  });
  if (status !== 0) {
    const offline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED/.test(output);
    const how =
      status === 127
        ? 'install npm (Debian 13: apt-get install npm) and run this again'
        : offline
          ? "the npm registry can't be reached: connect this machine (or set npm's proxy or registry) and run this again"
          : 'see what npm says below; run this again when it is mended';
    throw new SetupFailure('set-up could not install the npm packages', [{ what: '`npm ci` failed', how }], {
      output,
      log,
    });
  }
  if (!nodePackagesInstalled()) {
    throw new SetupFailure('set-up could not install the npm packages', [
      {
        what: '`npm ci` ended well, but node_modules is not what package-lock.json says, or lacks the pinned runtime',
        how: "look for npm settings that leave packages out (npm config list), and whether this processor's runtime is in package.json",
      },
    ]);
  }
}
