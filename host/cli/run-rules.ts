// The rules of a run, as a module: read from a compiled file, found in the cache by the content of the rule files, or compiled.
// The compiler is loaded only in the last case: a start with rules that are known should not wait for it.

import { loadRuleModule, type RuleModule } from '../agent/rule-module.ts';
import { contentHash, ModuleCache } from '../compiler/cache.ts';
import type { RuleFile } from '../compiler/load.ts';
import { BUILT_MODULES, MODULE_CACHE, PROJECT } from '../setup/paths.mjs';
import { Progress } from '../setup/progress.mjs';
import { digestInputs } from '../setup/stamp.mjs';
import { admitModule, NO_SIGNATURES, type SignaturePolicy } from '../signature/policy.ts';
import { readModuleFile } from './module-file.ts';
import { CommandFailure } from './report-error.ts';
import { readRuleFiles, sourceHashes } from './rule-files.ts';
import { ALL_ENABLED, type RuleSelection } from './rule-selection.ts';
import type { Terminal } from './terminal.ts';

/** Everything that decides what the compiler makes of given rules. */
const COMPILER_SOURCES = ['host/compiler', 'host/sandbox', 'host/schema', 'rules-wasm', 'package-lock.json'];

/**
 * @param warn told what a policy that only warns has against the module
 * @throws {CommandFailure | SandboxError | RuleModuleError | SignatureError}
 */
export function loadCompiledRules(
  path: string,
  policy: SignaturePolicy = NO_SIGNATURES,
  warn: (message: string) => void = () => {},
): RuleModule {
  const bytes = readModuleFile(path);
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
  const files = readRuleFiles(paths);
  const name = paths.length === 0 ? 'rules' : paths.join(', ');
  const cache = new ModuleCache(MODULE_CACHE, BUILT_MODULES);
  const key = contentHash([
    digestInputs(PROJECT, COMPILER_SOURCES),
    ...files.flatMap((file) => [file.name, file.text]),
    JSON.stringify(selection),
  ]);
  const known = cache.read(key);
  if (known) return loadRuleModule(name, known);
  const compiled = await compile(files, selection, terminal);
  cache.write(key, compiled);
  return loadRuleModule(name, compiled);
}

async function compile(files: readonly RuleFile[], selection: RuleSelection, terminal: Terminal): Promise<Uint8Array> {
  const { backEndRemarks, loadRuleSet, renderCompileDiagnostic } = await import('./rule-set.ts');
  const { compileModule } = await import('../compiler/compile.ts');
  const { active, warnings } = loadRuleSet(files, terminal, false, selection);
  if (active.length === 0)
    throw new CommandFailure('there is no rule to run', 'all of them are disabled, or none is there');
  const module = await new Progress().step('rule module', `${active.length} rules`, () =>
    compileModule(active, {
      cacheDirectory: MODULE_CACHE,
      builtDirectory: BUILT_MODULES,
      sources: sourceHashes(files),
    }),
  );
  // A rule that is left out never matches: that must not pass for watching.
  const errors = module.diagnostics.filter(({ severity }) => severity === 'error');
  for (const diagnostic of errors) terminal.say(`${renderCompileDiagnostic(diagnostic, active)}\n\n`);
  if (errors.length > 0) throw new CommandFailure('the rules were not compiled', 'mend what is shown above');
  const told = warnings + backEndRemarks(module.diagnostics).length;
  if (told > 0) terminal.say(`  (${told} ${told === 1 ? 'warning' : 'warnings'}: \`wasprey validate\` shows them)\n`);
  return module.wasm;
}
