// wasprey explain: prints a rule with macros, lists and exceptions expanded, and its cost.

import { type Explanation, explainRule } from '../../compiler/explain.ts';
import type { CompiledRule } from '../../compiler/rules/load.ts';
import { explanationParts } from '../../daemon/rules/explanation.ts';
import { loadRuleSet } from '../../daemon/rules/load-rule-set.ts';
import { readRuleFiles } from '../../daemon/rules/rule-files.ts';
import { ALL_SOURCES } from '../../daemon/rules/rule-selection.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { CommandFailure, EXIT } from '../../diagnostics/failure.ts';
import { nearest } from '../../diagnostics/suggest.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { defineCommand } from '../definition/command.ts';

export const EXPLAIN = defineCommand({
  name: 'explain',
  usage: 'RULE [RULES...]',
  operands: [{ values: 'anything' }, { values: 'path', repeats: true }],
  description: `
    Shows a rule expanded: its condition with macros, lists and exceptions in place, the events it is evaluated on, the
    fields it reads, the part decided once per process, and an estimate of its cost. RULES are the files and folders
    that define it, as one set in the order given. Default: the rules that come with Wasprey.`,
  status: { ok: 'The rule is shown.', failure: 'The rule does not exist, or the rules have errors.' },
  options: {},
  examples: [
    { command: "wasprey explain 'Kernel module loaded'", effect: 'Explains a rule that comes with Wasprey.' },
    {
      command: "wasprey explain 'Shell in pod' base.yaml site/",
      effect: 'Explains a rule that a file and a folder define together.',
    },
  ],
  async run({ operands }, terminal) {
    const [name, ...paths] = operands;
    if (name === undefined) throw new UsageError('missing rule', 'see `wasprey list rules`');
    const { rules } = loadRuleSet(readRuleFiles(paths), terminal, false, ALL_SOURCES);
    const rule = rules.find((known) => known.name === name);
    if (!rule) throw unknownRule(name, rules);
    terminal.print(renderExplanation(rule, explainRule(rule), terminal));
    return EXIT.ok;
  },
});

function unknownRule(name: string, rules: readonly CompiledRule[]): CommandFailure {
  const names = rules.map((rule) => rule.name);
  const lower = name.toLowerCase();
  const near = names.find((known) => known.toLowerCase() === lower) ?? nearest(name, names);
  const hint = near === undefined ? 'see `wasprey list rules`' : `did you mean '${near}'?`;
  return new CommandFailure(`unknown rule '${name}'`, hint);
}

function renderExplanation(rule: CompiledRule, of: Explanation, terminal: Terminal): string {
  return explanationParts(rule, of, terminal.width - 2)
    .map(({ title, lines }) => `${terminal.bold(title)}\n${lines.map((line) => `  ${line}\n`).join('')}`)
    .join('\n');
}
