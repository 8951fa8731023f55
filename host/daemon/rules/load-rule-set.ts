// Loads rules for a command, and prints their errors and warnings.

import { type CompileDiagnostic, translateRules } from '../../compiler/compile.ts';
import {
  type CompiledRule,
  type FileResult,
  type LoadOptions,
  type LoadResult,
  loadRules,
  type RuleFile,
  withFindings,
} from '../../compiler/rules/load.ts';
import { type RuleSource, ruleSourceOf } from '../../compiler/rules/rule.ts';
import { matchesWildcard, type Selection, selectRules } from '../../compiler/rules/select.ts';
import { type Diagnostic, RuleLoadError, warning } from '../../diagnostics/diagnostic.ts';
import { renderDiagnostic } from '../../diagnostics/diagnostic-text.ts';
import { CommandFailure } from '../../diagnostics/failure.ts';
import { SourceFile } from '../../diagnostics/source-file.ts';
import { nearest } from '../../diagnostics/suggest.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { DEFAULT_SOURCE, EVENT_SOURCES } from '../../schema/event-source.ts';
import { ALL_ENABLED, type RuleSelection } from './rule-selection.ts';

export interface RuleSet {
  /** All defined rules, with `enabled` as selected. */
  readonly rules: readonly CompiledRule[];
  /** Rules that are to be evaluated, of the selected source, in the order of `rules`, as the back end takes them. */
  readonly active: readonly RuleSource[];
  /** The rules of `active`, as the loader left them. */
  readonly on: readonly CompiledRule[];
  readonly warnings: number;
  /** The warnings themselves. */
  readonly diagnostics: readonly Diagnostic[];
  /** Conditions of rules that were not compiled. */
  readonly leftOut: readonly string[];
}

/**
 * Loads rules; errors are shown in any case, warnings if asked for.
 * @throws {CommandFailure} when a file has an error
 */
export function loadRuleSet(
  files: readonly RuleFile[],
  terminal: Terminal,
  showWarnings: boolean,
  selection: RuleSelection = ALL_ENABLED,
  onFile?: (name: string) => void,
): RuleSet {
  const result = load(files, selection, { everyError: true, ...(onFile && { onFile }) });
  return ruleSetOf(result, terminal, showWarnings, selection);
}

/**
 * The set of rules that were loaded already; errors are shown in any case, warnings if asked for.
 * @throws {CommandFailure} when a file has an error
 */
export function ruleSetOf(
  result: LoadResult,
  terminal: Terminal,
  showWarnings: boolean,
  selection: RuleSelection,
): RuleSet {
  const warnings = finalWarnings(result);
  const shown = [...result.errors, ...(showWarnings ? warnings : [])];
  for (const diagnostic of shown) terminal.say(`${renderDiagnostic(diagnostic, { color: terminal.color })}\n\n`);
  if (!result.successful) throw new CommandFailure('the rules were not loaded', 'correct the errors above');
  reportNothingSelected(result.rules, selection.selections, terminal);
  const on = selectRules(result.rules, selection.selections);
  const names = new Set(on.map(({ name }) => name));
  const rules = result.rules.map((rule) => ({ ...rule, enabled: names.has(rule.name) }));
  const watched = on.filter((rule) => isOf(rule, selection));
  const { leftOut } = result;
  return {
    rules,
    active: watched.map(ruleSourceOf),
    on: watched,
    warnings: warnings.length,
    diagnostics: warnings,
    leftOut,
  };
}

/** The results of files with what the back end finds too, each at its rule; what a later file made good is left out. */
export function checkRuleFiles(files: readonly RuleFile[], selection: RuleSelection = ALL_ENABLED): FileResult[] {
  const result = load(files, selection);
  const lasting = new Set(finalWarnings(result));
  const on = selectRules(result.rules, selection.selections);
  const active = on.filter((rule) => isOf(rule, selection)).map(ruleSourceOf);
  const found = checkBackEnd(active).map((item) => placed(item, active, files));
  return result.files.map((file) =>
    withFindings({ ...file, warnings: file.warnings.filter((item) => lasting.has(item)) }, found),
  );
}

function load(files: readonly RuleFile[], selection: RuleSelection, options: LoadOptions = {}): LoadResult {
  return loadRules(files, { ...loadOptions(selection), ...options });
}

/** What the loader needs of a selection. */
export function loadOptions({ minimumPriority, statics, source = DEFAULT_SOURCE }: RuleSelection): LoadOptions {
  // Files of one source may hold rules of another, whose fields have to be known then.
  const sources = source === DEFAULT_SOURCE ? [DEFAULT_SOURCE] : EVENT_SOURCES;
  return { sources, ...(minimumPriority !== undefined && { minimumPriority }), ...(statics && { statics }) };
}

function isOf(rule: CompiledRule, { source = DEFAULT_SOURCE }: RuleSelection): boolean {
  return source === 'all' || rule.source === source;
}

/** A pattern that matches no rule is most likely misspelt; as in Falco it is not an error. */
function reportNothingSelected(
  rules: readonly CompiledRule[],
  selections: readonly Selection[],
  terminal: Terminal,
): void {
  for (const { by, pattern } of selections) {
    const known = by === 'tag' ? [...new Set(rules.flatMap(({ tags }) => tags))] : rules.map(({ name }) => name);
    if (known.some((name) => (by === 'tag' ? name === pattern : matchesWildcard(pattern, name)))) continue;
    const near = nearest(pattern, known);
    const hint = near === undefined ? '' : `\n  did you mean ${near}?`;
    terminal.say(`wasprey: no rule has the ${by === 'tag' ? 'tag' : 'name'} ${pattern}${hint}\n`);
  }
}

/** Codes of warnings that a later file may resolve, the first of which say that nothing uses an item. */
const UNUSED: ReadonlySet<string> = new Set(['LOAD_UNUSED_MACRO', 'LOAD_UNUSED_LIST']);
const RESOLVABLE: ReadonlySet<string> = new Set([...UNUSED, 'WASPREY_UNKNOWN_LIST']);

/**
 * Each warning once, of those that hold for the whole set: after every file the loader judges all that was read so far. A file that has
 * no rules is a library for the other files, which need not use all of it.
 */
function finalWarnings({ files, rules, successful }: LoadResult): Diagnostic[] {
  const withRules = new Set(rules.map(({ file }) => file));
  const isLibrary = (file: string): boolean => successful && files.length > 1 && !withRules.has(file);
  const lasting = files.flatMap(({ warnings }, index) =>
    warnings.filter(
      ({ code, file }) =>
        !RESOLVABLE.has(code) || (index === files.length - 1 && !(UNUSED.has(code) && isLibrary(file))),
    ),
  );
  return [
    ...new Map(lasting.map((item) => [`${item.code} ${item.file} ${item.offset} ${item.message}`, item])).values(),
  ];
}

/** Messages of the back end about rules of any sources, which the loader has not reported already. */
export function checkBackEnd(rules: readonly RuleSource[]): CompileDiagnostic[] {
  return EVENT_SOURCES.flatMap((source) => {
    const own = [...rules.keys()].filter((index) => rules[index]?.source === source);
    const { diagnostics } = translateRules(own.flatMap((index) => rules[index] ?? []));
    return backEndRemarks(diagnostics).map((item) => ({ ...item, rule: own[item.rule] ?? 0 }));
  });
}

/** Messages of the back end that the loader has not reported already. */
export function backEndRemarks(diagnostics: readonly CompileDiagnostic[]): CompileDiagnostic[] {
  return diagnostics.filter(({ code }) => code !== 'field-not-captured' && code !== 'field-not-in-conditions');
}

/** Messages of the back end, at the first line of the rule: it does not know the place in the condition. */
function placed(
  { severity, code, message, rule }: CompileDiagnostic,
  rules: readonly RuleSource[],
  files: readonly RuleFile[],
): FileResult['errors'][number] | Diagnostic {
  const of = rules[rule];
  const text = files.find(({ name }) => name === of?.file)?.text ?? '';
  const file = new SourceFile(of?.file ?? '', text);
  const start = file.offsetOfLine(of?.line ?? 1);
  const context = { type: 'rule', name: of?.name ?? '', file, start, end: start + 1 } as const;
  const advice = { notes: [code] };
  return severity === 'error'
    ? new RuleLoadError('LOAD_ERR_COMPILE_CONDITION', message, context, advice).diagnostic
    : warning('LOAD_COMPILE_CONDITION', message, context, advice);
}

/** Messages of the back end as diagnostics; it knows the rule, but not the place in it. */
export function renderCompileDiagnostic(
  { severity, code, message, rule }: CompileDiagnostic,
  rules: readonly RuleSource[],
) {
  const of = rules[rule];
  return `${severity}[${code}]: ${message}\n  --> ${of ? `${of.file}:${of.line}\n  = in rule "${of.name}"` : 'unknown rule'}`;
}
