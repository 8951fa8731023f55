// Installs Debian packages, or says which ones a person must install.

import { familyOf, INSTALL_COMMAND, readOsRelease } from './distribution.mjs';
import { SetupFailure } from './failure.mjs';
import { SYSTEM_PATH } from './paths.mjs';
import { runTool } from './run-tool.mjs';
import { hasCommand, missingTools } from './system-tools.mjs';

/** @import { Family } from './distribution.mjs' */
/** @import { Problem } from './failure.mjs' */
/** @import { SystemTool } from './system-tools.mjs' */

const OPTIONS = ['-q', '-o', 'DPkg::Lock::Timeout=600', '-o', 'Acquire::Retries=3', '-o', 'Dpkg::Use-Pty=0'];

/** No question is asked: what would be asked keeps its default, and the service restarts that some packages offer stay away. */
const ENVIRONMENT = {
  ...process.env,
  PATH: SYSTEM_PATH,
  DEBIAN_FRONTEND: 'noninteractive',
  NEEDRESTART_MODE: 'l',
  LC_ALL: 'C.UTF-8',
};

/**
 * Says what must be installed by hand, when set-up can't install it.
 * @param {readonly SystemTool[]} tools
 * @param {{ hasApt: boolean, isRoot: boolean, osRelease: string }} system with the text of its os-release
 * @returns {SetupFailure | undefined} none when apt can be asked
 */
export function installationObstacle(tools, { hasApt, isRoot, osRelease } = thisSystem()) {
  const names = tools.map(({ name }) => name).join(', ');
  const packages = tools.map((tool) => tool.packages[0]).join(' ');
  const missing = tools.length === 1 ? `${names} is missing` : `these are missing: ${names}`;
  if (!hasApt) {
    const family = familyOf(osRelease);
    const problems = family
      ? problemsElsewhere(tools, missing, family, isRoot)
      : [
          {
            what: `${missing}; there is no apt-get to install them with`,
            how: `install them with the system's own package manager (Debian's packages are: ${packages}) and run this again`,
          },
        ];
    return new SetupFailure('set-up needs programs that this system lacks', problems);
  }
  if (!isRoot) {
    return new SetupFailure('set-up needs programs that this system lacks', [
      { what: missing, how: `run this again as root, or install them first:\nsudo apt-get install ${packages}` },
    ]);
  }
  return undefined;
}

function thisSystem() {
  return { hasApt: hasCommand('apt-get'), isRoot: process.geteuid?.() === 0, osRelease: readOsRelease() };
}

/** What a person of that family has to know besides the command. @type {Readonly<Partial<Record<Family, string>>>} */
const REMARKS = {
  rhel: '(libbpf-devel and glibc-static are in the repository CRB, CodeReady Builder: enable that first)',
  suse: '(where clang is older than 19, the packages of newer ones have the version in their name, such as clang19)',
};

/**
 * @param {readonly SystemTool[]} tools that are missing
 * @param {string} missing a clause that names them
 * @param {Family} family
 * @param {boolean} isRoot
 * @returns {Problem[]}
 */
function problemsElsewhere(tools, missing, family, isRoot) {
  const packages = tools.flatMap(({ elsewhere }) => (elsewhere ? [elsewhere[family]] : []));
  const others = tools.filter(({ elsewhere }) => !elsewhere).map((tool) => tool.packages[0]);
  const how = ['install them, then run this again:'];
  if (packages.length > 0) how.push(`${isRoot ? '' : 'sudo '}${INSTALL_COMMAND[family]} ${packages.join(' ')}`);
  if (others.length > 0) how.push(`and what Debian's packages of these names have: ${others.join(' ')}`);
  const remark = REMARKS[family];
  if (remark !== undefined) how.push(remark);
  const problems = [{ what: missing, how: how.join('\n') }];
  if (family === 'alpine') {
    problems.push({
      what: 'the Node.js that Wasprey runs on is built for glibc, and the C library of Alpine is musl',
      how: 'it does not start here: make the container image on a Debian 13 (npm run -s image), and run that',
    });
  }
  return problems;
}

/**
 * @param {readonly SystemTool[]} tools that are missing
 * @param {(line: string) => void} note gets the output
 * @param {number} lock descriptor that apt inherits
 * @throws {SetupFailure}
 */
export async function installTools(tools, note, lock) {
  const obstacle = installationObstacle(tools);
  if (obstacle) throw obstacle;
  const run = (/** @type {string} */ command, /** @type {readonly string[]} */ words) =>
    runTool({ command, arguments: words, environment: ENVIRONMENT, log: 'apt', appendLog: true, note, keepOpen: lock });

  // The lists may be absent (a new image) or older than the archive. If they can't be fetched, what is at hand may still do.
  const update = await run('apt-get', [...OPTIONS, 'update']);
  /** @type {string[]} */
  const packages = [];
  for (const tool of tools) packages.push(await firstAvailable(tool.packages, run));

  const install = () => run('apt-get', [...OPTIONS, 'install', '-y', '--no-install-recommends', ...packages]);
  let result = await install();
  if (result.status !== 0 && result.output.includes('dpkg --configure -a')) {
    // An earlier installation, ours or not, was cut off.
    await run('dpkg', ['--configure', '-a']);
    result = await install();
  }
  if (result.status !== 0) {
    const offline = update.status !== 0 || /Could not resolve|Unable to fetch|Temporary failure/.test(result.output);
    throw new SetupFailure(
      'set-up could not install system packages',
      [
        {
          what: `apt-get could not install ${packages.join(' ')}`,
          how: offline
            ? "the package archive can't be reached: connect this machine (or set apt's proxy) and run this again"
            : `try it by hand, then run this again:\napt-get install ${packages.join(' ')}`,
        },
      ],
      { output: result.output, log: result.log },
    );
  }
  const absent = tools.filter((tool) => missingTools(tool.purposes).includes(tool));
  if (absent.length > 0) {
    // dpkg takes them for installed, but their files are gone or elsewhere.
    throw new SetupFailure('set-up could not install system packages', [
      {
        what: `apt-get installed ${packages.join(' ')}, and yet these are not found: ${absent.map(({ name }) => name).join(', ')}`,
        how: `put their files back, then run this again:\napt-get install --reinstall ${absent.map((tool) => tool.packages[0]).join(' ')}`,
      },
    ]);
  }
}

/**
 * @param {readonly string[]} names
 * @param {(command: string, words: readonly string[]) => Promise<{ status: number }>} run
 * @returns {Promise<string>} the first that the archive has, else the first
 */
async function firstAvailable(names, run) {
  if (names.length > 1) {
    for (const name of names) {
      if ((await run('apt-cache', ['show', '--no-all-versions', name])).status === 0) return name;
    }
  }
  return names[0] ?? '';
}
