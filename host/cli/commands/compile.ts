// wasprey compile: rules to one module file that `run` loads without compiling anything.

import { compileModule } from '../../compiler/compile.ts';
import { withSource } from '../../compiler/source-section.ts';
import { readSigningKeys } from '../../daemon/rules/key-files.ts';
import { backEndRemarks, loadRuleSet, renderCompileDiagnostic } from '../../daemon/rules/load-rule-set.ts';
import { writeFile } from '../../daemon/rules/module-file.ts';
import { portableNames } from '../../daemon/rules/portable-names.ts';
import { readRuleFiles, sourceHashes } from '../../daemon/rules/rule-files.ts';
import { SELECTION_OPTIONS, SOURCE_OPTION, selectionOf, sourceOf } from '../../daemon/rules/rule-selection.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { CommandFailure, EXIT } from '../../diagnostics/failure.ts';
import { count } from '../../diagnostics/numbers.ts';
import { signModule } from '../../signature/signature.ts';
import { defineCommand } from '../definition/command.ts';

export const COMPILE = defineCommand({
  name: 'compile',
  usage: 'RULES... -o OUT.wasm',
  operands: [{ values: 'path', repeats: true }],
  description: `
    Compiles rule files, as one set in the order given, to a WebAssembly module with everything that \`wasprey run --module\`
    needs. A folder means the .yaml and .yml files in it. Nothing is captured and no privilege is needed.

    The same files, compiled by the same version with the same options, give the same bytes on any machine, in any
    folder. \`wasprey inspect\` shows the contents of a module.`,
  status: {
    ok: 'The module is written.',
    failure: "The rules have errors, which are shown, or a file can't be read or written.",
  },
  options: {
    output: { kind: 'text', short: 'o', value: 'OUT.wasm', description: 'The file to write.' },
    'emit-source': {
      kind: 'text',
      value: 'FILE',
      description: 'Also write the AssemblyScript that the rules were translated to, for reading.',
    },
    key: {
      kind: 'list',
      value: 'FILE',
      description: 'Sign the module with this private key of `wasprey keygen`; may be given several times.',
    },
    source: SOURCE_OPTION,
    quiet: { kind: 'flag', short: 'q', description: 'Print errors only, no warnings.' },
    ...SELECTION_OPTIONS,
  },
  examples: [
    { command: 'wasprey compile rules/ -o rules.wasm', effect: 'Compiles all files of a folder.' },
    { command: 'wasprey compile base.yaml site/ -o rules.wasm --key team.key', effect: 'Signs the module as well.' },
    {
      command: 'wasprey compile k8s_audit_rules.yaml --source k8s_audit -o audit.wasm',
      effect: 'Compiles rules on audit events, for `wasprey replay AUDIT.log --module`.',
    },
    { command: 'wasprey run --module rules.wasm', effect: 'Runs the result.' },
  ],
  async run({ options, operands }, terminal) {
    const { output } = options;
    if (operands.length === 0) throw new UsageError('missing rule files', 'name rule files or folders');
    if (output === undefined) throw new UsageError('missing output file', 'add -o OUT.wasm');
    // Before the work: a key that can't be read should not cost a compilation.
    const keys = readSigningKeys((options.key ?? []).map(({ text }) => text));
    const files = readRuleFiles(operands);
    const source = sourceOf(options.source);
    const { active } = loadRuleSet(files, terminal, !options.quiet, { ...selectionOf(options), source });
    if (active.length === 0) {
      const help = 'rules of another source are compiled with --source';
      throw new CommandFailure('no rules to compile', `the files contain no enabled rule of source ${source}; ${help}`);
    }

    const began = performance.now();
    const names = portableNames(files.map(({ name }) => name));
    const module = await compileModule(
      active.map((rule) => ({ ...rule, file: names.get(rule.file) ?? rule.file })),
      { sources: sourceHashes(files.map(({ name, text }) => ({ name: names.get(name) ?? name, text }))) },
    );
    for (const diagnostic of backEndRemarks(module.diagnostics)) {
      if (options.quiet && diagnostic.severity === 'warning') continue;
      terminal.say(`${renderCompileDiagnostic(diagnostic, active)}\n\n`);
    }
    if (module.diagnostics.some(({ severity }) => severity === 'error')) {
      throw new CommandFailure('nothing was written', 'a rule with an error could never match');
    }
    const whole = withSource(module.wasm, module.source);
    const wasm = keys.length > 0 ? signModule(whole, keys) : whole;
    writeFile(output, wasm);
    if (options['emit-source'] !== undefined) writeFile(options['emit-source'], module.source);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    terminal.say(
      `${output}: ${count(active.length, 'rule')}, ${Math.ceil(wasm.length / 1024)} KB, compiled in ${seconds} s\n`,
    );
    return EXIT.ok;
  },
});
