// The process that compiles rules for a run: a rule file that crashes it does not affect the agent. host/daemon/rules/bounded-compile.ts starts it.

import { writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { AscError } from '../../compiler/assemble/asc.ts';
import { type CompileDiagnostic, compileModule } from '../../compiler/compile.ts';
import { leaveOutInvalid, type Place, withoutItemsAt } from '../../compiler/rules/leave-out.ts';
import type { RuleFile } from '../../compiler/rules/load.ts';
import type { RuleSource } from '../../compiler/rules/rule.ts';
import { renderDiagnostic } from '../../diagnostics/diagnostic-text.ts';
import { CommandFailure, describeFailure } from '../../diagnostics/failure.ts';
import { SourceFile } from '../../diagnostics/source-file.ts';
import { SILENT, type Terminal } from '../../diagnostics/terminal.ts';
import { DEFAULT_SOURCE } from '../../schema/event-source.ts';
import { entryFile } from '../../setup/entries.mjs';
import { BUILT_MODULES, MODULE_CACHE } from '../../setup/paths.mjs';
import type { CompileJob, FromCompiler } from './compile-job.ts';
import {
  backEndRemarks,
  loadOptions,
  loadRuleSet,
  type RuleSet,
  renderCompileDiagnostic,
  ruleSetOf,
} from './load-rule-set.ts';
import { compilerDigest } from './module-key.ts';
import { sourceHashes } from './rule-files.ts';

// If memory is short, the kernel kills this process and not the agent.
try {
  writeFileSync('/proc/self/oom_score_adj', '1000');
} catch {
  // Not everywhere is there one.
}
// Ends when nobody waits for the result any more: by the channel, or if this thread is too busy, by checking the parent.
process.on('disconnect', () => process.exit());
new Worker(entryFile('endWithParent')).unref();
process.on('message', (job: CompileJob) => {
  compile(job).catch((error: unknown) => {
    const failure = describeFailure(error);
    if (failure) tell({ kind: 'refused', message: failure.message, help: failure.help });
    else if (error instanceof RangeError) tell({ kind: 'refused', message: tooDeep(error), file });
    else tell({ kind: 'defect', text: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  });
});

function tell(message: FromCompiler): void {
  process.send?.(message);
}

/** The one that is being read. */
let file: string | undefined;

function tooDeep(error: RangeError): string {
  return `${file ?? 'a rule file'} is too complex for the compiler: ${error.message}`;
}

async function compile({ files, selection, color, leavesOut }: CompileJob): Promise<void> {
  const terminal: Terminal = { ...SILENT, say: (text) => tell({ kind: 'said', text }), color };
  const onFile = (name: string): void => {
    file = name;
    tell({ kind: 'file', name });
  };
  const leftOut: string[] = [];
  let remaining = files;
  const loadValid = (): RuleSet => {
    const valid = leaveOutInvalid(remaining, { ...loadOptions(selection), onFile });
    for (const error of valid.errors) {
      terminal.say(`${renderDiagnostic(error, { color })}\n\n`);
      leftOut.push(`${error.message} (${error.file}:${error.line}:${error.column})`);
    }
    remaining = valid.files;
    return ruleSetOf(valid.result, terminal, false, selection);
  };
  for (;;) {
    const { active, warnings } = leavesOut ? loadValid() : loadRuleSet(remaining, terminal, false, selection, onFile);
    if (active.length === 0) throw new CommandFailure('no rules to run', noRules(selection));
    file = undefined;
    tell({ kind: 'loaded', rules: active.length });
    const module = await compileActive(active, files, leavesOut);
    // A rule that the back end leaves out never matches, which must not count as watching.
    const errors = module.diagnostics.filter(({ severity }) => severity === 'error');
    for (const diagnostic of errors) terminal.say(`${renderCompileDiagnostic(diagnostic, active)}\n\n`);
    if (module.wasm) {
      const remarks = warnings + backEndRemarks(module.diagnostics).length;
      tell({ kind: 'module', wasm: module.wasm, compiler: compilerDigest(), warnings: remarks, leftOut });
      return;
    }
    const places = placesOf(errors, active, remaining);
    if (!leavesOut || places.length === 0)
      throw new CommandFailure('the rules were not compiled', 'correct the errors above');
    leftOut.push(...errors.map((error) => `${error.message} (${placeText(active[error.rule])})`));
    remaining = withoutItemsAt(remaining, places, files);
  }
}

function noRules({ source = DEFAULT_SOURCE }: CompileJob['selection']): string {
  const help = 'the files contain no enabled rule';
  return source === DEFAULT_SOURCE ? help : `${help} of source ${source}`;
}

/** Without `wasm` if a rule has an error, or makes all of them too large. */
async function compileActive(
  active: readonly RuleSource[],
  files: readonly RuleFile[],
  leavesOut: boolean,
): Promise<{ readonly wasm: Uint8Array | undefined; readonly diagnostics: readonly CompileDiagnostic[] }> {
  try {
    const { wasm, diagnostics } = await compileModule(active, {
      cacheDirectory: MODULE_CACHE,
      builtDirectory: BUILT_MODULES,
      sources: sourceHashes(files),
      inThisProcess: true,
    });
    const hasErrors = diagnostics.some(({ severity }) => severity === 'error');
    return { wasm: hasErrors ? undefined : wasm, diagnostics };
  } catch (error) {
    if (!(error instanceof AscError) || error.rules.length === 0) throw error;
    // All that have to go, at once: one after the other takes too long.
    const tooLarge = leavesOut ? error.rules : error.rules.slice(0, 1);
    const diagnostics = tooLarge.map((rule, index) => {
      const message =
        index === 0 ? error.message : 'the rules are too large even without the rules that are larger than this one';
      return { severity: 'error', code: 'rules-too-large', message, rule } as const;
    });
    return { wasm: undefined, diagnostics };
  }
}

function placeText(rule: RuleSource | undefined): string {
  return rule ? `rule ${rule.name}, ${rule.file}:${rule.line}` : 'unknown rule';
}

/** The back end knows the rule of an error, whose item begins in its first line. */
function placesOf(
  errors: readonly CompileDiagnostic[],
  rules: readonly RuleSource[],
  files: readonly RuleFile[],
): Place[] {
  return errors.flatMap(({ rule: index }) => {
    const rule = rules[index];
    const text = files.find(({ name }) => name === rule?.file)?.text;
    if (!rule || text === undefined) return [];
    const source = new SourceFile(rule.file, text);
    return { file: rule.file, offset: source.offsetOfLine(rule.line + 1) - 1 };
  });
}
