// The rows of `wasprey list rules`.

import { loadRuleSet } from '../../daemon/rules/load-rule-set.ts';
import { readRuleFiles } from '../../daemon/rules/rule-files.ts';
import type { RuleSelection } from '../../daemon/rules/rule-selection.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';

/** @throws {CommandFailure} when the rules can't be loaded */
export function listRules(paths: readonly string[], selection: RuleSelection, terminal: Terminal) {
  const { rules } = loadRuleSet(readRuleFiles(paths), terminal, false, { ...selection, source: 'all' });
  return rules.map(({ name, description, priority, source, enabled, tags, file, line }) => ({
    name,
    cells: [enabled ? priority : 'disabled', tags.join(' ')],
    json: { name, description: description.trim(), priority, source, enabled, tags, file, line },
  }));
}
