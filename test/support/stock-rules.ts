// Falco's stock rules, as test data.

import { readFileSync } from 'node:fs';
import { type FalcoFile, falcoFile } from './falco-data.ts';

/** In the order in which they build on each other. */
export const STOCK_FILES = [
  'falco_rules.yaml',
  'falco-incubating_rules.yaml',
  'falco-sandbox_rules.yaml',
  'falco-deprecated_rules.yaml',
] as const satisfies readonly FalcoFile[];

export type StockFile = (typeof STOCK_FILES)[number];

/** The text of a file. Throws if it is missing: what calls this is skipped then (falco-data.ts). */
export function stockRules(name: StockFile): string {
  return readFileSync(falcoFile(name), 'utf8');
}
