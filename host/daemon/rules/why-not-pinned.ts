// Why what a rule matches can't be refused without an agent (`responses.pinned`): a configuration is checked on any machine.

import { lackOfPin, meansOf } from '../../capture/enforcement-means.ts';
import { translateRules } from '../../compiler/compile.ts';
import { exactRules } from '../../compiler/plan/exact/exact-rules.ts';
import type { RuleSource } from '../../compiler/rules/rule.ts';

/** Undefined: it can, or the rule is not exact in the kernel at all. */
export function whyNotPinned(rule: RuleSource): string | undefined {
  const [exact] = exactRules(translateRules([rule]).plan);
  return exact && lackOfPin('deny', meansOf({ exact, action: 'deny' }, undefined));
}
