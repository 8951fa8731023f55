// The process that compiles rules for a run: a rule file that crashes it does not affect the agent. host/daemon/rules/bounded-compile.ts starts it.

import { writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { compileModule } from '../../compiler/compile.ts';
import { CommandFailure } from '../../diagnostics/failure.ts';
import { SILENT, type Terminal } from '../../diagnostics/terminal.ts';
import { BUILT_MODULES, MODULE_CACHE } from '../../setup/paths.mjs';
import type { CompileJob, FromCompiler } from './compile-job.ts';
import { sourceHashes } from './rule-files.ts';
import { backEndRemarks, loadRuleSet, renderCompileDiagnostic } from './rule-set.ts';

// If memory is short, the kernel kills this process and not the agent.
try {
  writeFileSync('/proc/self/oom_score_adj', '1000');
} catch {
  // Not everywhere is there one.
}
// Ends when nobody waits for the result any more: by the channel, or if this thread is too busy, by checking the parent.
process.on('disconnect', () => process.exit());
new Worker(new URL(`./end-with-parent${extname(import.meta.filename)}`, import.meta.url)).unref();
process.on('message', (job: CompileJob) => {
  compile(job).catch((error: unknown) => {
    if (error instanceof CommandFailure) tell({ kind: 'refused', message: error.message, help: error.help });
    else if (error instanceof RangeError) tell({ kind: 'refused', message: tooDeep(error), help: undefined });
    else tell({ kind: 'defect', text: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  });
});

function tell(message: FromCompiler): void {
  process.send?.(message);
}

let file: string | undefined;

function tooDeep(error: RangeError): string {
  return `${file ?? 'a rule file'} is too complex for the compiler: ${error.message}`;
}

async function compile({ files, selection, color }: CompileJob): Promise<void> {
  const terminal: Terminal = { ...SILENT, say: (text) => tell({ kind: 'said', text }), color };
  const { active, warnings } = loadRuleSet(files, terminal, false, selection, (name) => {
    file = name;
    tell({ kind: 'file', name });
  });
  if (active.length === 0) throw new CommandFailure('no rules to run', 'the files contain no enabled rule');
  tell({ kind: 'loaded', rules: active.length });
  const module = await compileModule(active, {
    cacheDirectory: MODULE_CACHE,
    builtDirectory: BUILT_MODULES,
    sources: sourceHashes(files),
    inThisProcess: true,
  });
  // A rule that is left out never matches, which must not count as watching.
  const errors = module.diagnostics.filter(({ severity }) => severity === 'error');
  for (const diagnostic of errors) terminal.say(`${renderCompileDiagnostic(diagnostic, active)}\n\n`);
  if (errors.length > 0) throw new CommandFailure('the rules were not compiled', 'correct the errors above');
  tell({ kind: 'module', wasm: module.wasm, warnings: warnings + backEndRemarks(module.diagnostics).length });
}
