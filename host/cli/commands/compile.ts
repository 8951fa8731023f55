// wasprey compile: rules to one module file that `run` loads without compiling anything.

import { writeFileSync } from 'node:fs';
import { compileModule } from '../../compiler/compile.ts';
import { UsageError } from '../arguments.ts';
import { defineCommand, EXIT } from '../command.ts';
import { CommandFailure } from '../report-error.ts';
import { readRuleFiles, reasonOf, sourceHashes } from '../rule-files.ts';
import { SELECTION_OPTIONS, selectionOf } from '../rule-selection.ts';
import { backEndRemarks, loadRuleSet, renderCompileDiagnostic } from '../rule-set.ts';

export const COMPILE = defineCommand({
  name: 'compile',
  usage: 'RULES... -o OUT.wasm',
  description: `
    Compiles rule files, as one set in the order given, to a WebAssembly module: everything that \`wasprey run --module\` needs
    of them is in it. Folders stand for the .yaml and .yml files in them.`,
  options: {
    output: { kind: 'text', short: 'o', value: 'OUT.wasm', description: 'The file to write.' },
    'emit-source': {
      kind: 'text',
      value: 'FILE',
      description: 'Also write the AssemblyScript that the rules were translated to, for reading.',
    },
    quiet: { kind: 'flag', short: 'q', description: 'Errors only, no warnings.' },
    ...SELECTION_OPTIONS,
  },
  examples: [
    { command: 'wasprey compile rules/ -o rules.wasm', effect: 'Compiles all files of a folder.' },
    { command: 'wasprey run --module rules.wasm', effect: 'Runs the result.' },
  ],
  async run({ options, operands }, terminal) {
    const { output } = options;
    if (operands.length === 0) throw new UsageError('compile what?', 'name rule files or folders');
    if (output === undefined) throw new UsageError('compile to which file?', 'add -o OUT.wasm');
    const files = readRuleFiles(operands);
    const { active } = loadRuleSet(files, terminal, !options.quiet, selectionOf(options));
    if (active.length === 0)
      throw new CommandFailure('there is no rule to compile', 'all of them are disabled, or none is there');

    const began = performance.now();
    const module = await compileModule(active, { sources: sourceHashes(files) });
    for (const diagnostic of backEndRemarks(module.diagnostics)) {
      if (options.quiet && diagnostic.severity === 'warning') continue;
      terminal.say(`${renderCompileDiagnostic(diagnostic, active)}\n\n`);
    }
    if (module.diagnostics.some(({ severity }) => severity === 'error')) {
      throw new CommandFailure('nothing was written', 'a rule with an error could never match');
    }
    write(output, module.wasm);
    if (options['emit-source'] !== undefined) write(options['emit-source'], module.source);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    terminal.say(
      `${output}: ${active.length} rules, ${Math.ceil(module.wasm.length / 1024)} KB, compiled in ${seconds} s\n`,
    );
    return EXIT.ok;
  },
});

function write(path: string, content: Uint8Array | string): void {
  try {
    writeFileSync(path, content);
  } catch (error) {
    throw new CommandFailure(`can't write ${path}: ${reasonOf(error)}`);
  }
}
