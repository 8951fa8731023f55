// wasprey lint: what rule files say that is probably not what was meant.

import { lintRules } from '../../compiler/lint/lint.ts';
import { readRuleFiles } from '../../daemon/rules/rule-files.ts';
import { SELECTION_OPTIONS, selectionOf } from '../../daemon/rules/rule-selection.ts';
import { loadRuleSet } from '../../daemon/rules/rule-set.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { renderDiagnostic } from '../../diagnostics/diagnostic-text.ts';
import { EXIT } from '../../diagnostics/failure.ts';
import { defineCommand } from '../definition/command.ts';

export const LINT = defineCommand({
  name: 'lint',
  usage: 'RULES...',
  operands: [{ values: 'path', repeats: true }],
  description: `
    Looks in rule files, as one set in the order given, for what loads but is probably not meant: rules that an earlier one
    always comes before, conditions that are always true or never, values that a field never has, macros and lists that
    nothing uses, conditions that cost much. Rules that are not enabled are left out.`,
  status: {
    ok: 'The rules could be looked at, whatever was found.',
    failure: "They can't be loaded; with --strict, something was found.",
  },
  options: {
    strict: { kind: 'flag', description: 'Exit status 1 if there is anything to tell.' },
    ...SELECTION_OPTIONS,
  },
  examples: [
    { command: 'wasprey lint my-rules.yaml', effect: 'Looks at one file.' },
    { command: 'wasprey lint --strict base.yaml site/', effect: 'For a pipeline that is to stop at the first doubt.' },
  ],
  async run({ options, operands }, terminal) {
    if (operands.length === 0) throw new UsageError('lint what?', 'name rule files or folders');
    const { on, diagnostics } = loadRuleSet(readRuleFiles(operands), terminal, false, selectionOf(options));
    const found = lintRules(on, diagnostics);
    for (const item of found) terminal.print(`${renderDiagnostic(item, { color: terminal.color })}\n\n`);
    const told = found.length === 1 ? '1 remark' : `${found.length} remarks`;
    terminal.print(
      `${on.length} ${on.length === 1 ? 'rule' : 'rules'}: ${found.length === 0 ? 'nothing to tell' : told}\n`,
    );
    return options.strict && found.length > 0 ? EXIT.failure : EXIT.ok;
  },
});
