// Falco's rule files, where they are at hand: guests have them at the same place.

import { type FalcoFile, findFalcoFile } from '../support/falco-data.ts';

/** In the order in which they are loaded after the shipped rules. */
const NAMES: readonly FalcoFile[] = [
  'falco_rules.yaml',
  'falco-incubating_rules.yaml',
  'falco-sandbox_rules.yaml',
  'falco-deprecated_rules.yaml',
];

export function falcoRules(): string[] {
  return NAMES.map((name) => findFalcoFile(name)).filter((path) => path !== undefined);
}
