// Where things are in a checkout.

import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json. */
export const PROJECT = fileURLToPath(new URL('../../', import.meta.url));

/** Everything that is built; git-ignored, and safe to delete at any time. */
export const BUILD = `${PROJECT}build/`;

/** The page that the agent serves, as it was built (host/daemon/console/page/). */
export const PAGE_FOLDER = `${BUILD}page`;

/** The program with which `wasprey generate` and the live tests act (native/act/). */
export const ACT_PROGRAM = `${BUILD}native/act`;

/** Modules that were compiled with the build; an image has those of the shipped rules. */
export const BUILT_MODULES = `${BUILD}modules`;

/** An installation keeps elsewhere what it compiles: its own folder is its package's, or can't be written to. */
const INSTALLED_CACHE = process.env.WASPREY_CACHE;

/** Compiled modules are kept here from one run to the next. */
export const MODULE_CACHE = INSTALLED_CACHE || BUILT_MODULES;

/** And so is Node's compiled code. */
export const CODE_CACHE = INSTALLED_CACHE ? join(INSTALLED_CACHE, 'code') : `${BUILD}compile-cache`;

/** Logs of set-up's steps, its stamps and its lock. */
export const SETUP_STATE = `${BUILD}setup/`;

/** PATH with the folders of system administration, which a user's may lack (bpftool and runc are in /usr/sbin). */
export const SYSTEM_PATH = [process.env.PATH ?? '', '/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin']
  .filter((folder) => folder !== '')
  .join(':');

/**
 * What packages and tests download or build at length (Debian's packages, the roots that tests install in, Kubernetes), each under a
 * name that its content decides. Outside the checkout, so that it outlives it.
 */
export const DOWNLOAD_CACHE =
  process.env.WASPREY_TEST_CACHE ??
  (process.geteuid?.() === 0 ? '/var/cache/wasprey-test' : join(homedir(), '.cache/wasprey-test'));
