// wasprey lint: what rule files say that is probably not what was meant.

import { lintRules } from '../../compiler/lint/lint.ts';
import { isStockFile } from '../../compiler/rules/stock-names.ts';
import { loadRuleSet } from '../../daemon/rules/load-rule-set.ts';
import { readRuleFiles } from '../../daemon/rules/rule-files.ts';
import { SELECTION_OPTIONS, selectionOf } from '../../daemon/rules/rule-selection.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { renderDiagnostic } from '../../diagnostics/diagnostic-text.ts';
import { EXIT } from '../../diagnostics/failure.ts';
import { defineCommand } from '../definition/command.ts';

export const LINT = defineCommand({
  name: 'lint',
  usage: 'RULES...',
  operands: [{ values: 'path', repeats: true }],
  description: `
    Reports what loads but is probably a mistake, in rule files taken as one set in the order given: rules shadowed by an
    earlier one, conditions that are always or never true, values that a field never has, unused macros and lists,
    expensive conditions. Rules that are not enabled are skipped. Findings in Falco's own rule files
    (falco_rules.yaml and its like) are only counted if other files are named.`,
  status: {
    ok: 'The rules were checked, with or without findings.',
    failure: "The rules can't be loaded; with --strict, there are findings.",
  },
  options: {
    strict: { kind: 'flag', description: 'Exit status 1 if there are findings.' },
    ...SELECTION_OPTIONS,
  },
  examples: [
    { command: 'wasprey lint my-rules.yaml', effect: 'Checks one file.' },
    { command: 'wasprey lint --strict base.yaml site/', effect: 'For a pipeline that should fail on any finding.' },
  ],
  async run({ options, operands }, terminal) {
    if (operands.length === 0) throw new UsageError('missing rule files', 'name rule files or folders');
    const files = readRuleFiles(operands);
    const { on, diagnostics, leftOut } = loadRuleSet(files, terminal, false, {
      ...selectionOf(options),
      source: 'all',
    });
    const all = lintRules(on, diagnostics, leftOut);
    // Users load Falco's files before their own, and can't mend them.
    const own = files.some(({ name }) => !isStockFile(name));
    const found = own ? all.filter(({ file }) => !isStockFile(file)) : all;
    for (const item of found) terminal.print(`${renderDiagnostic(item, { color: terminal.color })}\n\n`);
    const findings = found.length === 1 ? '1 finding' : `${found.length} findings`;
    const others = all.length - found.length;
    terminal.print(
      `${on.length} ${on.length === 1 ? 'rule' : 'rules'}: ${found.length === 0 ? 'no findings' : findings}` +
        `${others > 0 ? `, and ${others} in Falco's files, shown when they are linted alone` : ''}\n`,
    );
    return options.strict && found.length > 0 ? EXIT.failure : EXIT.ok;
  },
});
