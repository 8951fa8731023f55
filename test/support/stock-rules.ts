// Falco's stock rules, as test data.

import { readFileSync } from 'node:fs';
import { loadRuleModule, type RuleModule } from '../../host/agent/modules/rule-module.ts';
import { compileModule } from '../../host/compiler/compile.ts';
import { loadRules } from '../../host/compiler/rules/load.ts';
import { type FalcoFile, falcoFile } from './falco-data.ts';
import { TEST_MODULES } from './module-cache.ts';

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

/**
 * The enabled rules of all files, one text a file.
 * @param output put before each rule's output: fields that a test knows its alerts by
 */
export function enabledStockRules(output: string): string[] {
  return STOCK_FILES.map((name) =>
    stockRules(name)
      .split(/^(?=- )/m)
      .filter((item) => !/^ +enabled: false/m.test(item))
      .map((item) => item.replace(/^( +)output: /m, `$1output: ${output} `))
      .join(''),
  );
}

/** The enabled rules of these files in one module. Throws if a file is missing. */
export async function stockModule(names: readonly StockFile[]): Promise<RuleModule> {
  const { rules, errors } = loadRules(names.map((name) => ({ name, text: stockRules(name) })));
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'));
  const enabled = rules.filter((rule) => rule.enabled);
  const sources = enabled.map(({ outputText, ...rule }) => ({ ...rule, output: outputText }));
  const { wasm } = await compileModule(sources, { cacheDirectory: TEST_MODULES, inThisProcess: true });
  return loadRuleModule('stock rules', wasm);
}
