// Rules as a command works with them: loaded, and what is wrong with them said.

import type { CompileDiagnostic } from '../compiler/compile.ts';
import { renderDiagnostic } from '../compiler/diagnostic-text.ts';
import { type CompiledRule, type Diagnostic, type FileResult, loadRules, type RuleFile } from '../compiler/load.ts';
import type { RuleSource } from '../compiler/rule-source.ts';
import { CommandFailure } from './report-error.ts';
import type { Terminal } from './terminal.ts';

/** The event source that this agent captures; rules of others are left to Falco's plugins. */
const CAPTURED_SOURCE = 'syscall';

export interface RuleSet {
  /** All that were defined. */
  readonly rules: readonly CompiledRule[];
  /** Those of `rules` that are to be evaluated, as the back end takes them. */
  readonly active: readonly RuleSource[];
  readonly warnings: number;
}

/**
 * Loads rules; errors are shown in any case, warnings if asked for.
 * @throws {CommandFailure} when a file has an error
 */
export function loadRuleSet(files: readonly RuleFile[], terminal: Terminal, showWarnings: boolean): RuleSet {
  const result = loadRules(files);
  const warnings = finalWarnings(result.files);
  const shown = [...result.errors, ...(showWarnings ? warnings : [])];
  for (const diagnostic of shown) terminal.say(`${renderDiagnostic(diagnostic, { color: terminal.color })}\n\n`);
  if (!result.successful) throw new CommandFailure('the rules were not loaded', 'mend what is shown above');
  const active = result.rules.filter(({ enabled, source }) => enabled && source === CAPTURED_SOURCE).map(toRuleSource);
  return { rules: result.rules, active, warnings: warnings.length };
}

/** What a later file may still make use of. */
const UNUSED: ReadonlySet<string> = new Set(['LOAD_UNUSED_MACRO', 'LOAD_UNUSED_LIST']);

/** Each warning once, of those that hold for the whole set: after every file the loader judges all that was read so far. */
function finalWarnings(files: readonly FileResult[]): Diagnostic[] {
  const lasting = files.flatMap(({ warnings }, index) =>
    index === files.length - 1 ? warnings : warnings.filter(({ code }) => !UNUSED.has(code)),
  );
  return [
    ...new Map(lasting.map((item) => [`${item.code} ${item.file} ${item.offset} ${item.message}`, item])).values(),
  ];
}

function toRuleSource({ outputText, ...rule }: CompiledRule): RuleSource {
  return { ...rule, output: outputText };
}

/** What the back end says of rules, in the form of the other diagnostics; it knows the rule, not the place in it. */
export function renderCompileDiagnostic(
  { severity, code, message, rule }: CompileDiagnostic,
  rules: readonly RuleSource[],
) {
  const of = rules[rule];
  return `${severity}[${code}]: ${message}\n  --> ${of ? `${of.file}:${of.line}\n  = in rule "${of.name}"` : 'unknown rule'}`;
}
