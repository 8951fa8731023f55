// The rules of a run, as a module: read from a compiled file, found in the cache by the content of the rule files, or compiled.
// The compiler runs in a process of its own: what a rule file makes of it must not be the agent's end.

import { loadRuleModule, type RuleModule } from '../../agent/rule-module.ts';
import { ModuleCache } from '../../compiler/assemble/cache.ts';
import { contentHash } from '../../compiler/ir/content-hash.ts';
import type { RuleFile } from '../../compiler/rules/load.ts';
import { count } from '../../diagnostics/numbers.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { BUILT_MODULES, MODULE_CACHE, PROJECT } from '../../setup/paths.mjs';
import { showStep } from '../../setup/progress.mjs';
import { digestInputs } from '../../setup/stamp.mjs';
import { admitModule, NO_SIGNATURES, type SignaturePolicy } from '../../signature/policy.ts';
import { readModuleFile } from './module-file.ts';
import { readRuleFiles } from './rule-files.ts';
import { ALL_ENABLED, type RuleSelection } from './rule-selection.ts';

/** Everything that decides what the compiler makes of given rules. */
const COMPILER_SOURCES = [
  'host/compiler',
  'host/diagnostics',
  'host/sandbox',
  'host/schema',
  'rules-wasm',
  'package-lock.json',
];

/** How rules are loaded, and where what is said of them goes. */
export interface Loading {
  /** Takes what is wrong with rules that can't be used, over several lines. */
  readonly terminal: Terminal;
  /** Takes, in a line, what is to be known of rules that are used. */
  readonly warn: (message: string) => void;
  /** Whether a person sees on stderr what takes its time. */
  readonly progress: boolean;
  /** For an agent that runs: it has the processors first. */
  readonly inBackground: boolean;
}

/** @throws {CommandFailure | SandboxError | RuleModuleError} */
export function loadCompiledRules(path: string): RuleModule {
  return admitRuleModule(path, readModuleFile(path), NO_SIGNATURES, () => {});
}

/**
 * A compiled module, if the policy admits it.
 * @param warn told what a policy that only warns has against it
 * @throws {SandboxError | RuleModuleError | SignatureError}
 */
export function admitRuleModule(
  path: string,
  bytes: Uint8Array,
  policy: SignaturePolicy,
  warn: (message: string) => void,
): RuleModule {
  admitModule(path, bytes, policy, warn);
  return loadRuleModule(path, bytes);
}

/**
 * @param paths rule files and folders; none: the rules that come with Wasprey
 * @throws {CommandFailure} when they can't be read or have errors, which are shown then
 */
export async function prepareRules(
  paths: readonly string[],
  terminal: Terminal,
  selection: RuleSelection = ALL_ENABLED,
): Promise<RuleModule> {
  const name = paths.length === 0 ? 'rules' : paths.join(', ');
  const warn = (message: string): void => terminal.say(`wasprey: ${message}\n`);
  const loading = { terminal, warn, progress: true, inBackground: false };
  return compileRules(name, readRuleFiles(paths), selection, loading);
}

/**
 * @param name for messages
 * @throws {CommandFailure} when the rules have errors, which are shown then
 */
export async function compileRules(
  name: string,
  files: readonly RuleFile[],
  selection: RuleSelection,
  loading: Loading,
): Promise<RuleModule> {
  const cache = new ModuleCache(MODULE_CACHE, BUILT_MODULES);
  const key = contentHash([
    digestInputs(PROJECT, COMPILER_SOURCES),
    ...files.flatMap((file) => [file.name, file.text]),
    JSON.stringify(selection),
  ]);
  const known = cache.read(key);
  if (known) return loadRuleModule(name, known);
  const compiled = await compile(files, selection, loading);
  cache.write(key, compiled);
  return loadRuleModule(name, compiled);
}

async function compile(
  files: readonly RuleFile[],
  selection: RuleSelection,
  { terminal, warn, progress, inBackground }: Loading,
): Promise<Uint8Array> {
  const { compileBounded } = await import('./bounded-compile.ts');
  const { loaded, module } = compileBounded(
    { files, selection, color: terminal.color },
    { say: (text) => terminal.say(text), inBackground },
  );
  const rules = await loaded;
  const { wasm, warnings } = await (progress ? showStep('rule module', count(rules, 'rule'), () => module) : module);
  if (warnings > 0) warn(`${count(warnings, 'warning')} about the rules: \`wasprey validate\` shows them`);
  return wasm;
}
