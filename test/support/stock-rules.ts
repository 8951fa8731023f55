// The stock rule files, which are read where they are.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../host/setup/paths.mjs';

const FOLDER = join(PROJECT, '../shared/falco-rules');

export const STOCK_FILES = [
  'falco_rules.yaml',
  'falco-incubating_rules.yaml',
  'falco-sandbox_rules.yaml',
  'falco-deprecated_rules.yaml',
] as const;

export type StockFile = (typeof STOCK_FILES)[number];

export function stockRules(name: StockFile): string {
  return readFileSync(join(FOLDER, name), 'utf8');
}
