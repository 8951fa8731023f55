// Arguments of bootstrap.mjs itself, as package.json's scripts write them; what follows the entry belongs to the entry.
// A person asking for --help gets it without any set-up beyond the npm packages.

import { SetupFailure } from './failure.mjs';
import { LEVELS } from './prepare.mjs';

/** @import { Needs } from './prepare.mjs' */

/**
 * @param {readonly string[]} words
 * @returns {{ needs: Needs, entry: string | undefined, entryArguments: string[] }}
 * @throws {SetupFailure} on an unknown level or option
 */
export function parseBootstrapArguments(words) {
  const option = words[0]?.startsWith('--') ? words[0] : undefined;
  const [entry, ...entryArguments] = option === undefined ? words : words.slice(1);
  const asksForHelp = entryArguments.some((word) => word === '--help' || word === '-h');
  return { needs: asksForHelp || option === undefined ? 'packages' : levelOf(option), entry, entryArguments };
}

/** @param {string} option */
function levelOf(option) {
  const names = /** @type {Needs[]} */ (Object.keys(LEVELS));
  const level = names.find((name) => option === `--needs=${name}`);
  if (level !== undefined) return level;
  throw new SetupFailure('set-up was started wrongly', [
    { what: `unknown option ${option}`, how: `package.json may say --needs=${names.join('|')}` },
  ]);
}
