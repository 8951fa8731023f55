// Compiles rules that the page tries on the past: the named ones alone, by the compiler's own process, within bounds. Not by way of the cache on disk: it
// would grow by whatever is tried.

import { loadRuleModule, type RuleModule } from '../../../agent/modules/rule-module.ts';
import type { RuleFile } from '../../../compiler/rules/load.ts';
import { CommandFailure } from '../../../diagnostics/failure.ts';
import { compileBounded } from '../../rules/bounded-compile.ts';
import type { RuleSelection } from '../../rules/rule-selection.ts';

/** One rule takes a compiler 2 s and 200 MB. A pod's memory limit counts it too. */
const LIMITS = { milliseconds: 12_000, megabytes: 450 } as const;

/** Why nothing is tried, where the agent's own files are invalid. */
export const FILES_HAVE_ERRORS = "the agent's rule files have errors now: `wasprey validate` shows them";

export interface TrialRules {
  /** All files that the rules need. */
  readonly files: readonly RuleFile[];
  /** Names of the rules that are tried. */
  readonly names: readonly string[];
  readonly statics: Readonly<Record<string, string>>;
}

/** What the compiler says of rules that it refuses. */
export interface Refused {
  readonly diagnostics: readonly string[];
}

/** Rejects with CommandFailure for rules that exceed the limits. @param label of the module */
export async function compileTrial(
  { files, names, statics }: TrialRules,
  label: string,
): Promise<RuleModule | Refused> {
  const said: string[] = [];
  const job = { files, selection: { selections: onlyRules(names), statics }, color: false, leavesOut: false };
  try {
    const { wasm } = await compileBounded(job, { say: (text) => said.push(text.trim()), limits: LIMITS }).module;
    return loadRuleModule(label, wasm);
  } catch (error) {
    if (error instanceof CommandFailure && said.length > 0) return { diagnostics: said };
    throw error;
  }
}

function onlyRules(names: readonly string[]): RuleSelection['selections'] {
  return [
    { operation: 'disable', by: 'rule', pattern: '*' },
    ...names.map((pattern) => ({ operation: 'enable', by: 'rule', pattern }) as const),
  ];
}
