// Rules that are tried on the past: what is known of each besides its compiled condition.

import type { Template } from '../../compiler/conditions/template-tokens.ts';
import type { ModuleStart, RuleReads } from '../../engine/messages/rule-set-start.ts';
import type { KernelFilter } from '../../schema/kernel-filter.ts';
import type { LaneRules } from './lane.ts';

export interface TriedRule {
  readonly name: string;
  readonly priority: string;
  readonly output: Template;
  /** The fields that its condition reads, with their arguments. */
  readonly fields: readonly string[];
  /** What its events need for it to match; event types without a clause: anything. Undefined if unknown. */
  readonly needs: KernelFilter | undefined;
  /** What an alert reads; its fields are those of the output. */
  readonly reads: RuleReads;
}

export interface TriedModule extends Omit<ModuleStart, 'rules'> {
  readonly rules: readonly TriedRule[];
}

export interface TriedRules {
  /** In the order of evaluation. */
  readonly modules: readonly TriedModule[];
  /** Guards: conditions that are evaluated on matches alone. */
  readonly guard?: ModuleStart;
  readonly ruleMatching: LaneRules['ruleMatching'];
}

export function rulesOf({ modules }: TriedRules): readonly TriedRule[] {
  return modules.flatMap(({ rules }) => rules);
}

export function laneRules({ modules, guard, ruleMatching }: TriedRules): LaneRules {
  return {
    ruleMatching,
    ...(guard && { guard }),
    modules: modules.map(({ rules, ...module }) => ({ ...module, rules: rules.map(({ reads }) => reads) })),
  };
}
