// Starts the agent as `wasprey run` does, within the test's own process: rules as texts in, alerts as JSON lines out.

import assert from 'node:assert/strict';
import { type Agent, startAgent } from '../../../host/agent/agent.ts';
import type { AgentOptions } from '../../../host/agent/agent-options.ts';
import { loadRuleModule, type RuleModule } from '../../../host/agent/modules/rule-module.ts';
import type { Summary } from '../../../host/agent/summary.ts';
import type { HooksSetting } from '../../../host/capture/hooks.ts';
import { DEFAULT_SIZES } from '../../../host/capture/sizes.ts';
import { compileModule } from '../../../host/compiler/compile.ts';
import { loadRules, type RuleFile } from '../../../host/compiler/rules/load.ts';
import { renderDiagnostic } from '../../../host/diagnostics/diagnostic-text.ts';
import type { EngineCounters, RuleMatching } from '../../../host/engine/messages/protocol.ts';
import { jsonLine } from '../../../host/outputs/alert.ts';
import type { Output } from '../../../host/outputs/output.ts';
import { TEST_MODULES } from '../module-cache.ts';
import { testHooks } from './hooks.ts';

/** Modules are kept between runs: asc takes seconds, and most of a live test's rules are those of the run before. */

/**
 * Ends each test when its rules are compiled: for the guests of test/kernels, in which that takes a minute. Tests fail then; the status
 * of the process is 0 if the rules of all were compiled.
 */
export const COMPILE_ONLY = process.env.WASPREY_COMPILE_ONLY !== undefined;
const ruleSets = { begun: 0, compiled: 0 };
if (COMPILE_ONLY) {
  process.once('exit', () => {
    process.exitCode = ruleSets.compiled > 0 && ruleSets.compiled === ruleSets.begun ? 0 : 1;
  });
}

export interface ProductOptions {
  /** Bytes; shared by the rings of all CPUs. */
  readonly ringBudget?: number;
  readonly ruleMatching?: RuleMatching;
  /** Default: testHooks(). */
  readonly hooks?: HooksSetting;
  /** Evaluated before the rules. */
  readonly modules?: readonly RuleModule[];
  readonly kernelFilter?: boolean;
  readonly leftOut?: AgentOptions['leftOut'];
  readonly captures?: AgentOptions['captures'];
  readonly runtimes?: AgentOptions['runtimes'];
  readonly kubernetes?: AgentOptions['kubernetes'];
  readonly hold?: AgentOptions['hold'];
  /** Others' rules, of which the compiler may warn; errors are never accepted. */
  readonly warnings?: 'accepted';
  /** Which alerts, as lines, a LiveAgent keeps: what else goes on on the machine may come to very many. Default: all. */
  readonly keep?: (line: string) => boolean;
}

export interface RunningProduct {
  /** Resolves when nothing more comes; the counters are final then. */
  stop(): Promise<void>;
  counters(): EngineCounters;
  summary(): Summary;
  /** What went wrong so far, a sentence each. */
  readonly troubles: readonly string[];
  /** What went wrong so far, for the text of a failure. */
  state(): string;
}

/** Throws what is wrong with the rules, as the compiler shows it to their author. */
async function compileFiles(files: readonly RuleFile[], { warnings }: ProductOptions): Promise<Uint8Array> {
  const { rules, errors } = loadRules(files);
  assert.equal(errors.length, 0, errors.map((error) => renderDiagnostic(error)).join('\n'));
  const sources = rules.map(({ outputText, ...rule }) => ({ ...rule, output: outputText }));
  const { wasm, diagnostics } = await compileModule(sources, { cacheDirectory: TEST_MODULES });
  const complaints = diagnostics.filter(({ severity }) => warnings !== 'accepted' || severity === 'error');
  assert.deepEqual(complaints, [], 'the compiler complains of a rule');
  return wasm;
}

/** Throws what compileFiles() throws. */
export async function startProduct(
  files: readonly RuleFile[],
  options: ProductOptions,
  onAlert: (line: string) => void,
): Promise<RunningProduct> {
  ruleSets.begun++;
  const wasm = await compileFiles(files, options);
  ruleSets.compiled++;
  if (COMPILE_ONLY) throw new Error('the rules are compiled; nothing else was asked for (WASPREY_COMPILE_ONLY)');
  const troubles: string[] = [];
  const { ringBudget = 0, ruleMatching = 'first', kernelFilter = true } = options;
  const agent: Agent = await startAgent({
    sizes: { ...DEFAULT_SIZES, ringBudget },
    modules: [...(options.modules ?? []), loadRuleModule('live test', wasm)],
    ruleMatching,
    kernelFilter,
    hooks: options.hooks ?? testHooks(),
    ...(options.runtimes && { runtimes: options.runtimes }),
    ...(options.leftOut && { leftOut: options.leftOut }),
    ...(options.captures && { captures: options.captures }),
    ...(options.hold && { hold: options.hold }),
    kubernetes: options.kubernetes ?? false,
    outputs: [lineListener(onAlert)],
    onTrouble: (message) => troubles.push(message),
    onEnd: (error) => troubles.push(`the engine ended: ${error.message}`),
  });
  let counters: EngineCounters | undefined;
  return {
    async stop() {
      const summary = await agent.stop();
      counters = summary.engine;
    },
    counters() {
      const known = counters ?? agent.summary().engine;
      assert.ok(known, 'the worker told no counters');
      return known;
    },
    summary: () => agent.summary(),
    troubles,
    state: () => (troubles.length === 0 ? 'the agent is well' : troubles.join('; ')),
  };
}

function lineListener(onAlert: (line: string) => void): Output {
  let written = 0;
  return {
    name: 'live test',
    write(alert) {
      written++;
      onAlert(jsonLine(alert));
    },
    get counters() {
      return { written, dropped: 0, errors: 0 };
    },
    close: () => Promise.resolve(),
  };
}
