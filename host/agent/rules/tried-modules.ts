// Modules as they are tried on the past.

import type { RuleMatching } from '../../engine/messages/protocol.ts';
import { ruleOf } from '../../engine/modules/alternatives.ts';
import type { TriedModule, TriedRules } from '../../journal/backtest/tried-rules.ts';
import { ruleReads } from '../alerts/alert-desk.ts';
import type { RuleModule } from '../modules/rule-module.ts';
import { startsOf } from '../modules/stored-alternatives.ts';

/** Modules that are compiled, in the order of evaluation. */
export function triedRules(modules: readonly RuleModule[], ruleMatching: RuleMatching): TriedRules {
  return { modules: modules.map(triedModule), ruleMatching };
}

function triedModule(module: RuleModule): TriedModule {
  const { name, verified, rules, alternatives, filter } = module;
  return {
    name,
    verified,
    ...(alternatives && { alternatives: startsOf(alternatives) }),
    rules: rules.map((rule, index) => {
      const { name, priority, output, fields } = rule;
      const needs = filter?.filter((clause) => ruleOf(module, clause.rule) === index);
      return { name, priority, output, fields, needs, reads: ruleReads(rule) };
    }),
  };
}
