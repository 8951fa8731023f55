// The rules of a run, as a module: read from a compiled file, found in the cache by the content of the rule files, or compiled.
// The compiler runs in a separate process: a rule file that crashes it must not end the agent.

import { eventTypesIn, loadRuleModule, type RuleModule } from '../../agent/modules/rule-module.ts';
import { ModuleCache } from '../../compiler/assemble/cache.ts';
import type { RuleFile } from '../../compiler/rules/load.ts';
import { CommandFailure } from '../../diagnostics/failure.ts';
import { count } from '../../diagnostics/numbers.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { DEFAULT_SOURCE, EVENT_SOURCES, type EventSource } from '../../schema/event-source.ts';
import { BUILT_MODULES, MODULE_CACHE } from '../../setup/paths.mjs';
import { showStep } from '../../setup/progress.mjs';
import { admitModule, NO_SIGNATURES, type SignaturePolicy } from '../../signature/policy.ts';
import type { CompiledModule } from './compile-job.ts';
import { readModuleFile } from './module-file.ts';
import { compilerDigest, moduleKey } from './module-key.ts';
import { readRuleFiles } from './rule-files.ts';
import { ALL_ENABLED, type RuleSelection } from './rule-selection.ts';

/** How rules are loaded, and where messages about them go. */
export interface Loading {
  /** Gets the errors of invalid rules, as several lines. */
  readonly terminal: Terminal;
  /** Gets remarks on valid rules, as one line. */
  readonly warn: (message: string) => void;
  /** Whether to show progress on stderr. */
  readonly progress: boolean;
  /** For a running agent: compile at low priority. */
  readonly inBackground: boolean;
  /**
   * Invalid items of rule files are left out, and this is called with the errors, each as one line. Without it, rules with errors are
   * refused.
   */
  readonly onLeftOut?: (errors: readonly string[]) => void;
  /** Called with the event types of rules on system calls as soon as they are known, before the module is verified. */
  readonly onEventTypes?: (types: readonly string[]) => void;
}

/**
 * @param accepted sources of events
 * @throws {CommandFailure | SandboxError | RuleModuleError}
 */
export function loadCompiledRules(path: string, accepted: readonly EventSource[] = [DEFAULT_SOURCE]): RuleModule {
  const bytes = readModuleFile(path);
  admitModule(path, bytes, NO_SIGNATURES, () => {});
  return loadRuleModule(path, bytes, accepted);
}

/**
 * A compiled module, if the policy accepts it.
 * @param warn called with the objection of a policy that only warns
 * @param accepted sources of events that the run has
 * @throws {SandboxError | RuleModuleError | SignatureError}
 */
export function admitRuleModule(
  path: string,
  bytes: Uint8Array,
  policy: SignaturePolicy,
  warn: (message: string) => void,
  accepted: readonly EventSource[],
): RuleModule {
  const signedBy = admitModule(path, bytes, policy, warn);
  return { ...loadRuleModule(path, bytes, accepted), ...(signedBy && { signedBy }) };
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
  const ours = compilerDigest();
  const key = moduleKey(files, selection, ours);
  const known = cache.read(key);
  const accepted = acceptedBy(selection);
  const { wasm, leftOut, compiler } = known
    ? { wasm: known, leftOut: [], compiler: ours }
    : await compile(files, selection, loading);
  if (accepted.includes(DEFAULT_SOURCE)) loading.onEventTypes?.(eventTypesIn(wasm));
  // The cache does not keep errors: they are reported at each start.
  if (leftOut.length > 0) loading.onLeftOut?.(leftOut);
  else if (!known && compiler === ours) cache.write(key, wasm);
  return loadRuleModule(name, wasm, accepted);
}

/** The sources of which a module of selected rules may be. */
function acceptedBy({ source = DEFAULT_SOURCE }: RuleSelection): readonly EventSource[] {
  return source === 'all' ? EVENT_SOURCES : [source];
}

async function compile(
  files: readonly RuleFile[],
  selection: RuleSelection,
  loading: Loading,
): Promise<Pick<CompiledModule, 'wasm' | 'leftOut' | 'compiler'>> {
  const { terminal, warn, progress, inBackground, onLeftOut } = loading;
  const { compileBounded } = await import('./bounded-compile.ts');
  const { loaded, module, culprit } = compileBounded(
    { files, selection, color: terminal.color, leavesOut: onLeftOut !== undefined },
    { say: (text) => terminal.say(text), inBackground },
  );
  try {
    const rules = await loaded;
    const compiled = await (progress ? showStep('rule module', count(rules, 'rule'), () => module) : module);
    const { wasm, warnings, leftOut, compiler } = compiled;
    if (warnings > 0) warn(`${count(warnings, 'warning')} about the rules: \`wasprey validate\` shows them`);
    return { wasm, leftOut, compiler };
  } catch (error) {
    // It has taken too much time or memory: no item of it can be blamed.
    const file = culprit();
    if (!onLeftOut || file === undefined || !(error instanceof CommandFailure)) throw error;
    const others = files.filter(({ name }) => name !== file);
    const rest = await compile(others, selection, loading).catch((reason: unknown) => {
      // Nothing remains without it: its own error is the reason.
      throw reason instanceof CommandFailure ? error : reason;
    });
    return { ...rest, leftOut: [error.message, ...rest.leftOut] };
  }
}
