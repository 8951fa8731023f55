// Arguments of bootstrap.mjs itself, as package.json's scripts write them; what follows the entry belongs to the entry.
// A person asking for --help gets it without any set-up beyond the npm packages.

import { SetupFailure } from './failure.mjs';

/**
 * What a command needs, each level including those before it, unless it says otherwise:
 * `packages` the npm packages; `native` the BPF objects and the addon; `capture` a machine that can capture as well;
 * `live-tests` also the programs that live tests run; `cluster-tests` those that make a Kubernetes cluster and the image;
 * `kernel-tests` those that boot other kernels, without those of the cluster; `package-tests` those that packages are tried with.
 * Beside them, `release` is `packages` and the tools that packages and images are made with.
 * @typedef {'packages' | 'release' | 'native' | 'capture' | 'live-tests' | 'cluster-tests' | 'kernel-tests' | 'package-tests'} Needs
 */

/** @type {readonly Needs[]} */
export const NEEDS = [
  'packages',
  'release',
  'native',
  'capture',
  'live-tests',
  'cluster-tests',
  'kernel-tests',
  'package-tests',
];

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
