// Where things are in a checkout.

import { fileURLToPath } from 'node:url';

/** The folder of package.json. */
export const PROJECT = fileURLToPath(new URL('../../', import.meta.url));

/** Everything that is built; git-ignored, and safe to delete at any time. */
export const BUILD = `${PROJECT}build/`;

/** The program with which `wasprey generate` and the live tests act (native/act/). */
export const ACT_PROGRAM = `${BUILD}native/act`;

/** Logs of set-up's steps, its stamps and its lock. */
export const SETUP_STATE = `${BUILD}setup/`;

/** PATH with the folders of system administration, which a user's may lack (bpftool and runc are in /usr/sbin). */
export const SYSTEM_PATH = [process.env.PATH ?? '', '/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin']
  .filter((folder) => folder !== '')
  .join(':');
