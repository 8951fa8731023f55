// wasprey validate: checks rule files and reports each error with its place.

import { falcoLoadResult } from '../../compiler/rules/falco-result.ts';
import type { RuleFile } from '../../compiler/rules/load.ts';
import {
  checkBackEnd,
  checkRuleFiles,
  loadRuleSet,
  renderCompileDiagnostic,
} from '../../daemon/rules/load-rule-set.ts';
import { readRuleFiles } from '../../daemon/rules/rule-files.ts';
import { type RuleSelection, SELECTION_OPTIONS, selectionOf } from '../../daemon/rules/rule-selection.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { EXIT } from '../../diagnostics/failure.ts';
import { count } from '../../diagnostics/numbers.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { defineCommand } from '../definition/command.ts';

export const VALIDATE = defineCommand({
  name: 'validate',
  usage: 'RULES...',
  operands: [{ values: 'path', repeats: true }],
  description: `
    Checks rule files as one set of rules, in the order given: a later file can change what an earlier one defines. A
    folder means the .yaml and .yml files in it. Nothing is captured, and no privilege is needed.`,
  status: { ok: 'The rules are valid, with or without warnings.', failure: 'The rules have errors.' },
  options: {
    quiet: { kind: 'flag', short: 'q', description: 'Print errors only, no warnings.' },
    json: { kind: 'flag', short: 'j', description: 'Print one JSON object, as `falco -V` does.' },
    ...SELECTION_OPTIONS,
  },
  examples: [
    { command: 'wasprey validate my-rules.yaml', effect: 'Checks one file.' },
    {
      command: 'wasprey validate base.yaml site/',
      effect: 'Checks base.yaml and the files in site/ together.',
    },
    {
      command: "wasprey validate --json rules/ | jq '.falco_load_results[].errors[].message'",
      effect: 'Prints the errors, for a script.',
    },
  ],
  async run({ options, operands }, terminal) {
    if (operands.length === 0) throw new UsageError('missing rule files', 'name rule files or folders');
    const files = readRuleFiles(operands);
    const selection = { ...selectionOf(options), source: 'all' } as const;
    if (options.json) return printJson(files, selection, options.quiet === true, terminal);
    const { rules, active, warnings } = loadRuleSet(files, terminal, !options.quiet, selection);
    const found = checkBackEnd(active);
    const errors = found.filter(({ severity }) => severity === 'error');
    for (const diagnostic of options.quiet ? errors : found) {
      terminal.say(`${renderCompileDiagnostic(diagnostic, active)}\n\n`);
    }
    const warningCount = warnings + found.length - errors.length;
    const inactive = rules.length - active.length;
    terminal.print(
      `${count(files.length, 'file')}, ${count(rules.length, 'rule')}${inactive > 0 ? ` (${inactive} not enabled)` : ''}: ` +
        `${errors.length > 0 ? count(errors.length, 'error') : 'valid'}${warningCount > 0 ? `, ${count(warningCount, 'warning')}` : ''}\n`,
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
