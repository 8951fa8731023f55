// Falco's rule files, where they are at hand: guests have them at the same place.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../host/setup/paths.mjs';

/** In the order in which they are loaded after the shipped rules. */
const NAMES = ['falco_rules', 'falco-incubating_rules', 'falco-sandbox_rules', 'falco-deprecated_rules'];

export function falcoRules(): string[] {
  const folder = process.env.FALCO_DATA ?? join(PROJECT, '../shared');
  return NAMES.map((name) => join(folder, 'falco-rules', `${name}.yaml`)).filter((path) => existsSync(path));
}
