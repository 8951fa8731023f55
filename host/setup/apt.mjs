// Installs Debian packages, or says which ones a person must install.

import { problemsElsewhere } from './distribution.mjs';
import { MachineLacks, SetupFailure } from './failure.mjs';
import { SYSTEM_PATH } from './paths.mjs';
import { runTool } from './run-tool.mjs';
import { hasCommand, missingTools } from './system-tools.mjs';

/** @import { SystemTool } from './system-tools.mjs' */

/** No question is asked: what would be asked keeps its default, and the service restarts that some packages offer stay away. */
const ENVIRONMENT = {
  ...process.env,
  PATH: SYSTEM_PATH,
  DEBIAN_FRONTEND: 'noninteractive',
  NEEDRESTART_MODE: 'l',
  LC_ALL: 'C.UTF-8',
};

/**
 * Gets the packages as its arguments. The lists may be absent (a new image) or older than the archive; if they can't be fetched, what is
 * at hand may still do. Where apt fails, an earlier installation may have been cut off, ours or not.
 */
const INSTALL = `
apt() { apt-get -q -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "$@"; }
apt update
apt install -y --no-install-recommends "$@" ||
  { dpkg --configure -a && apt install -y --no-install-recommends "$@"; }`;

/**
 * Says what must be installed by hand, when set-up can't install it.
 * @param {readonly SystemTool[]} tools
 * @param {{ hasApt: boolean, isRoot: boolean, osRelease?: string }} system with the text of its os-release
 * @returns {MachineLacks | undefined} undefined when apt can be asked
 */
export function installationObstacle(
  tools,
  { hasApt, isRoot, osRelease } = { hasApt: hasCommand('apt-get'), isRoot: process.geteuid?.() === 0 },
) {
  if (hasApt && isRoot) return undefined;
  const names = tools.map(({ name }) => name).join(', ');
  const missing = tools.length === 1 ? `${names} is missing` : `these are missing: ${names}`;
  const how = `run this again as root, or install them first:\nsudo apt-get install ${packagesOf(tools)}`;
  const problems = hasApt ? [{ what: missing, how }] : problemsElsewhere(tools, missing, isRoot, osRelease);
  return new MachineLacks('set-up needs programs that this system lacks', problems);
}

/** @param {readonly SystemTool[]} tools */
const packagesOf = (tools) => tools.map((tool) => tool.package).join(' ');

/**
 * @param {readonly SystemTool[]} tools that are missing; apt must be there, and this be root
 * @param {number} lock descriptor that apt inherits
 * @throws {SetupFailure}
 */
export function installTools(tools, lock) {
  const packages = packagesOf(tools);
  const words = ['-c', INSTALL, 'apt', ...packages.split(' ')];
  const { status, output, log } = runTool({
    command: 'sh',
    arguments: words,
    environment: ENVIRONMENT,
    log: 'apt',
    lock,
  });
  const failure = (/** @type {string} */ what, /** @type {string} */ how) =>
    new SetupFailure('set-up could not install system packages', [{ what, how }], { output, log });
  if (status !== 0) {
    throw failure(
      `apt-get could not install ${packages}`,
      "see below what it says: where its archive can't be reached, connect this machine (or set apt's proxy) and run this again;\n" +
        `otherwise try it by hand, then run this again:\napt-get install ${packages}`,
    );
  }
  // dpkg may take for installed what has lost its files.
  const absent = tools.filter((tool) => missingTools(tool.purposes).includes(tool));
  if (absent.length > 0) {
    throw failure(
      `apt-get installed ${packages}, and yet these are not found: ${absent.map(({ name }) => name).join(', ')}`,
      `put their files back, then run this again:\napt-get install --reinstall ${packagesOf(absent)}`,
    );
  }
}
