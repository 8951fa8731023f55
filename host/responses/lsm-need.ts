// Which rules BPF LSM alone can refuse the calls of: a configuration is checked on any machine, and a node may lack it.

import { meansOf } from '../capture/enforcement-means.ts';
import { translateRules } from '../compiler/compile.ts';
import { exactRules } from '../compiler/plan/exact/exact-rules.ts';
import type { RuleSource } from '../compiler/rules/rule.ts';

/** Whether refusing all calls that a rule matches needs BPF LSM. */
export function needsLsm(rule: RuleSource): boolean {
  const [exact] = exactRules(translateRules([rule]).plan);
  if (!exact) return false;
  return meansOf({ exact, action: 'deny' }, undefined).clauses.some((means) => means?.by.endsWith('-lsm'));
}
