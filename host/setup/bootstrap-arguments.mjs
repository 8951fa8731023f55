// Arguments of bootstrap.mjs itself, as package.json's scripts write them; what follows the entry belongs to the entry.
// A person asking for --help gets it without any set-up beyond the npm packages.

import { SetupFailure } from './failure.mjs';

/** What a command may need: prepare.mjs says what each is made of. All include the npm packages, which `packages` is alone. */
const NEEDS = /** @type {const} */ ([
  'packages',
  'release',
  'native',
  'capture',
  'live-tests',
  'cluster-tests',
  'kernel-tests',
  'package-tests',
]);

/** @typedef {(typeof NEEDS)[number]} Needs */

/**
 * @param {readonly string[]} words
 * @returns {{ needs: Needs, entry: string | undefined, entryArguments: string[] }}
 * @throws {SetupFailure} on an unknown level or option
 */
export function parseBootstrapArguments(words) {
  /** @type {Needs} */
  let needs = 'packages';
  let next = 0;
  for (; next < words.length && words[next]?.startsWith('--'); next++) {
    const value = words[next]?.match(/^--needs=(.*)$/)?.[1];
    const level = NEEDS.find((known) => known === value);
    if (level === undefined) {
      throw new SetupFailure('set-up was started wrongly', [
        { what: `unknown option ${words[next]}`, how: `package.json may say --needs=${NEEDS.join('|')}` },
      ]);
    }
    needs = level;
  }
  const entry = words[next];
  const entryArguments = words.slice(next + 1);
  const asksForHelp = entryArguments.some((word) => word === '--help' || word === '-h');
  return { needs: asksForHelp ? 'packages' : needs, entry, entryArguments };
}
