// The rules that are measured with, compiled in advance.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RuleModule } from '../../host/agent/modules/rule-module.ts';
import { loadRules } from '../../host/compiler/rules/load.ts';
import { prepareRules } from '../../host/daemon/rules/compile.ts';
import { OWN_RULES, readRuleFiles } from '../../host/daemon/rules/rule-files.ts';
import { processTerminal } from '../../host/diagnostics/terminal.ts';
import { BUILD } from '../../host/setup/paths.mjs';
import { falcoFile, missingFalco } from '../support/falco-data.ts';
import { STOCK_FILES as STOCK_RULE_FILES } from '../support/stock-rules.ts';
import { BenchError } from './figure.ts';
import { mixedRules } from './rule-mix.ts';

/** In the order in which they build on each other. */
const STOCK_FILES = [...STOCK_RULE_FILES, 'application_rules.yaml'] as const;

/** Why the stock rules can't be measured with, and how to get them; false if they are there. */
export const WITHOUT_STOCK_RULES = missingFalco(...STOCK_FILES);

export interface RuleSet {
  /** As the table calls it, with the number of rules. */
  readonly name: string;
  /** For `wasprey run`, which finds it compiled. */
  readonly paths: readonly string[];
  readonly module: RuleModule;
}

/** The rules that come with Wasprey. */
export function ownRules(): Promise<RuleSet> {
  return ruleSet('rules/', [OWN_RULES]);
}

/** Falco's, those that it ships disabled left out. */
export function stockRules(): Promise<RuleSet> {
  return ruleSet('stock as shipped', stockFiles());
}

/** All of Falco's, those that it ships disabled as well. */
export function allStockRules(): Promise<RuleSet> {
  const files = stockFiles();
  return ruleSet('all stock', [...files, enablingFile(files)]);
}

/** All of Falco's, which the aims are about; ours where those are missing. */
export function measuredRules(): Promise<RuleSet> {
  return WITHOUT_STOCK_RULES ? ownRules() : allStockRules();
}

/** All of Falco's, where they are, and ours. */
export async function measuredRuleSets(): Promise<readonly RuleSet[]> {
  return [...(WITHOUT_STOCK_RULES ? [] : [await allStockRules()]), await ownRules()];
}

/** What somebody may have written after an incident, to try on the past. */
export function oneRule(): Promise<RuleSet> {
  const rule = {
    ...{ rule: 'Written below a folder', desc: 'for a measurement', output: '%proc.name', priority: 'INFO' },
    condition: 'evt.type in (open, openat, openat2) and evt.is_open_write = true and fd.name startswith /opt/',
  };
  // JSON is YAML.
  return ruleSet('one rule', [writtenFile('one-rule.yaml', `- ${JSON.stringify(rule)}\n`)]);
}

function stockFiles(): readonly string[] {
  return STOCK_FILES.map(falcoFile);
}

/** So many made-up rules (rule-mix.ts). */
export function mixedRuleSet(count: number): Promise<RuleSet> {
  return ruleSet('mixed rules', [writtenFile(`mixed-${count}.yaml`, mixedRules(count))]);
}

const prepared = new Map<string, Promise<RuleSet>>();

/** Compiles the rules, so that an agent finds them compiled. */
export function ruleSet(name: string, paths: readonly string[]): Promise<RuleSet> {
  const key = paths.join();
  const known = prepared.get(key) ?? prepare(name, paths);
  prepared.set(key, known);
  return known;
}

async function prepare(name: string, paths: readonly string[]): Promise<RuleSet> {
  const module = await prepareRules(paths, processTerminal());
  return { name: `${name} (${module.rules.length})`, paths, module };
}

/** A rule file that enables what the stock files disable. */
function enablingFile(files: readonly string[]): string {
  const { rules, successful } = loadRules(readRuleFiles(files));
  if (!successful) throw new BenchError(`the rules in ${files.join(', ')} can't be loaded: \`validate\` says why`);
  const disabled = rules.filter(({ enabled }) => !enabled).map(({ name }) => name);
  // JSON is YAML.
  return writtenFile('enable.yaml', disabled.map((rule) => `- ${JSON.stringify({ rule, enabled: true })}\n`).join(''));
}

function writtenFile(name: string, text: string): string {
  const path = join(BUILD, 'bench', name);
  mkdirSync(join(BUILD, 'bench'), { recursive: true });
  writeFileSync(path, text);
  return path;
}
