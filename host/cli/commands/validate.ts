// wasprey validate: whether rule files are right, and if not, what is wrong where.

import { translateRules } from '../../compiler/compile.ts';
import { falcoLoadResult } from '../../compiler/rules/falco-result.ts';
import type { RuleFile } from '../../compiler/rules/load.ts';
import { readRuleFiles } from '../../daemon/rules/rule-files.ts';
import { type RuleSelection, SELECTION_OPTIONS, selectionOf } from '../../daemon/rules/rule-selection.ts';
import { backEndRemarks, checkRuleFiles, loadRuleSet, renderCompileDiagnostic } from '../../daemon/rules/rule-set.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { EXIT } from '../../diagnostics/failure.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { defineCommand } from '../definition/command.ts';

export const VALIDATE = defineCommand({
  name: 'validate',
  usage: 'RULES...',
  operands: [{ values: 'path', repeats: true }],
  description: `
    Checks rule files as one set of rules, in the order given: a later file can change what an earlier one defines. Folders
    stand for the .yaml and .yml files in them. Nothing is captured and no privilege is needed.`,
  status: { ok: 'The rules can be used, with or without warnings.', failure: "They can't." },
  options: {
    quiet: { kind: 'flag', short: 'q', description: 'Errors only, no warnings.' },
    json: { kind: 'flag', short: 'j', description: 'One JSON object, the result that `falco -V` gives.' },
    ...SELECTION_OPTIONS,
  },
  examples: [
    { command: 'wasprey validate my-rules.yaml', effect: 'Checks one file.' },
    {
      command: 'wasprey validate base.yaml site/',
      effect: 'Checks what base.yaml and the files in site/ make together.',
    },
    {
      command: "wasprey validate --json rules/ | jq '.falco_load_results[].errors[].message'",
      effect: 'What is wrong, for a script.',
    },
  ],
  async run({ options, operands }, terminal) {
    if (operands.length === 0) throw new UsageError('validate what?', 'name rule files or folders');
    const files = readRuleFiles(operands);
    const selection = selectionOf(options);
    if (options.json) return printJson(files, selection, options.quiet === true, terminal);
    const { rules, active, warnings } = loadRuleSet(files, terminal, !options.quiet, selection);
    const found = backEndRemarks(translateRules(active).diagnostics);
    const errors = found.filter(({ severity }) => severity === 'error');
    for (const diagnostic of options.quiet ? errors : found) {
      terminal.say(`${renderCompileDiagnostic(diagnostic, active)}\n\n`);
    }
    const told = warnings + found.length - errors.length;
    const inactive = rules.length - active.length;
    terminal.print(
      `${count(files.length, 'file')}, ${count(rules.length, 'rule')}${inactive > 0 ? ` (${inactive} not enabled)` : ''}: ` +
        `${errors.length > 0 ? count(errors.length, 'error') : 'valid'}${told > 0 ? `, ${count(told, 'warning')}` : ''}\n`,
    );
    return errors.length > 0 ? EXIT.failure : EXIT.ok;
  },
});

/** @returns the exit status */
function printJson(files: readonly RuleFile[], selection: RuleSelection, quiet: boolean, terminal: Terminal): number {
  const results = checkRuleFiles(files, selection)
    .map(falcoLoadResult)
    .map((result) => (quiet ? { ...result, warnings: [] } : result));
  terminal.print(`${JSON.stringify({ falco_load_results: results })}\n`);
  return results.every(({ successful }) => successful) ? EXIT.ok : EXIT.failure;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
