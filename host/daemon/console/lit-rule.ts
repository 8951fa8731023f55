// The condition of a rule, from its file, with each part as it was on an event.

import { SILENT } from '../../diagnostics/terminal.ts';
import { loadRuleSet } from '../rules/load-rule-set.ts';
import { readRuleFiles } from '../rules/rule-files.ts';
import { ALL_SOURCES } from '../rules/rule-selection.ts';
import { litCondition } from './lit-condition.ts';
import type { RuleQuestion } from './lookup.ts';
import type { ShownRule } from './messages.ts';

/** @throws {CommandFailure} when the files are invalid now */
export function litRule({ rule: name, files, seen, statics }: RuleQuestion): ShownRule {
  const { rules } = loadRuleSet(readRuleFiles([...files]), SILENT, false, { ...ALL_SOURCES, statics });
  const rule = rules.find((one) => one.name === name);
  if (!rule) return { kind: 'none', reason: 'the rule files have no such rule now' };
  return {
    kind: 'lit',
    condition: litCondition(rule.condition, new Map(seen)),
    // Blocks of YAML end with a line break, and may have others.
    description: rule.description.trim().replaceAll(/\s*\n\s*/g, ' '),
    written: rule.conditionText.trim(),
    place: `${rule.file}:${rule.line}`,
  };
}
