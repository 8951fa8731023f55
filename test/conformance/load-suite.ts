// load.json: rule files, the errors and warnings they give, and the rules that come out of them.

import type { Operand } from '../../host/compiler/conditions/ast.ts';
import { checksOf, fieldsOf } from '../../host/compiler/conditions/fields-of.ts';
import { printCanonical, printOperand } from '../../host/compiler/conditions/print.ts';
import { fieldText } from '../../host/compiler/conditions/type-of.ts';
import { printVersion } from '../../host/compiler/rules/items.ts';
import { type CompiledRule, type LoadResult, loadRules } from '../../host/compiler/rules/load.ts';
import type { Diagnostic } from '../../host/diagnostics/diagnostic.ts';
import { ALL_EVENT_NAMES } from '../../host/schema/event-names.ts';
import { differenceOf } from './differences.ts';
import { attempt, type CaseResult, casesOf, type Suite } from './suite.ts';

interface ExpectedDiagnostic {
  readonly file: string;
  readonly code: string;
  readonly item_type: string;
  readonly item_name: string;
}

interface ExpectedRule {
  readonly name: string;
  readonly source: string;
  readonly priority: string;
  readonly enabled: boolean;
  readonly tags: readonly string[];
  readonly condition: string;
  readonly condition_compiled: string;
  readonly output_compiled: string;
  readonly events: readonly string[] | { readonly all_except: readonly string[] };
  readonly condition_fields: readonly string[];
  readonly output_fields: readonly string[];
  readonly exception_names?: readonly string[];
  readonly capture?: boolean;
  readonly capture_duration?: number;
}

export interface LoadCase {
  readonly id: string;
  readonly files: readonly { readonly name: string; readonly yaml: string }[];
  readonly expect: {
    readonly successful: boolean;
    readonly fault?: string;
    readonly errors: readonly ExpectedDiagnostic[];
    readonly warnings: readonly ExpectedDiagnostic[];
    readonly files?: readonly {
      readonly name: string;
      readonly successful: boolean;
      readonly schema_valid: boolean | null;
    }[];
    readonly rules?: readonly ExpectedRule[] | null;
    readonly lists?: readonly { name: string; items_compiled: readonly string[]; used: boolean }[];
    readonly macros?: readonly { name: string; condition_compiled: string; used: boolean }[];
    readonly required_engine_version?: string;
  };
}

export const LOAD_SUITE: Suite = {
  file: 'load.json',
  *run(corpus) {
    for (const loadCase of casesOf<LoadCase>(corpus)) yield attempt(loadCase.id, () => judge(loadCase));
  },
};

function judge(loadCase: LoadCase): CaseResult {
  const { id, files, expect } = loadCase;
  const result = loadRules(files.map(({ name, yaml }) => ({ name, text: yaml })));
  // Falco crashed; any clean end will do, and there was one.
  if (expect.fault !== undefined) return { id };
  const problems = compare(result, expect);
  if (problems.length === 0) return { id };
  const difference = differenceOf(loadCase, result);
  return difference === undefined ? { id, failure: problems.join('\n') } : { id, difference };
}

function compare(result: LoadResult, expect: LoadCase['expect']): string[] {
  const problems: string[] = [];
  const same = (what: string, actual: unknown, expected: unknown) => {
    const [got, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
    if (got !== wanted) problems.push(`${what}: expected ${wanted}\n     got ${got}`);
  };
  const errors = result.files.flatMap((file) => file.errors.map((error) => normative(file.name, error)));
  same('errors', errors, expect.errors.map(expected));
  const warnings = result.files.flatMap((file) =>
    file.warnings.filter(isFalcos).map((each) => normative(file.name, each)),
  );
  same('warnings', warnings, expect.warnings.map(expected));
  same('successful', result.successful, expect.successful);
  const files = result.files.map(({ name, successful, schema }) => {
    return { name, successful, schema_valid: schema ? schema.length === 0 : null };
  });
  same('files', files, expect.files ?? []);
  if (!expect.successful) return problems;
  const { rules, lists, macros, required_engine_version: engine } = expect;
  if (engine !== undefined) same('engine version', printVersion(result.requiredEngineVersion), engine);
  // Null where Falco itself could not print what it had compiled.
  if (rules) {
    const names = rules.map(({ name }) => name);
    same(
      'rules',
      result.rules.map(({ name }) => name),
      names,
    );
    for (const [index, rule] of rules.entries()) same(`rule ${rule.name}`, describe(result.rules[index], rule), rule);
  }
  const compiledLists = result.lists.map(({ name, items, used }) => ({ name, items_compiled: items, used }));
  if (lists) same('lists', compiledLists, lists);
  const compiledMacros = result.macros.map(({ name, condition, used }) => ({
    name,
    condition_compiled: printCanonical(condition),
    used,
  }));
  if (macros) same('macros', compiledMacros, macros);
  return problems;
}

function expected({ file, code, item_type, item_name }: ExpectedDiagnostic): unknown {
  return { file, code, item_type, item_name };
}

/** @param file the file whose loading brought it out, which need not be the file it is about */
function normative(file: string, { code, context }: Diagnostic): unknown {
  const innermost = context.at(-1);
  return { file, code, item_type: innermost?.type, item_name: innermost?.name };
}

/** Our own warnings have codes of their own. */
function isFalcos({ code }: Diagnostic): boolean {
  return code.startsWith('LOAD_');
}

/** A rule as Falco describes it, with those keys that the expectation has. */
function describe(rule: CompiledRule | undefined, expectation: ExpectedRule): unknown {
  if (!rule) return undefined;
  const fields = checksOf(rule.condition).flatMap(fieldsOf).map(fieldText);
  const all: ExpectedRule = {
    name: rule.name,
    source: rule.source,
    priority: rule.priority,
    enabled: rule.enabled,
    tags: rule.tags,
    condition: rule.conditionText,
    condition_compiled: printCanonical(rule.condition),
    output_compiled: rule.outputText,
    events: events(rule, expectation),
    condition_fields: [...new Set(fields)].sort(),
    output_fields: outputFields(rule),
    exception_names: [...new Set(rule.exceptionNames)],
    capture: rule.capture,
    capture_duration: rule.captureDuration,
  };
  return Object.fromEntries(Object.keys(expectation).map((key) => [key, all[key as keyof ExpectedRule]]));
}

/** Fields that the output prints, and its transformers. */
function outputFields({ output }: CompiledRule): string[] {
  const names = output.flatMap((token) => (token.kind === 'operand' ? namesIn(token.operand) : []));
  return [...new Set(names)].sort();
}

/** In Falco's order. A transformer takes the place of one that was named right before it. */
function namesIn(operand: Operand): string[] {
  if (operand.kind === 'field') return [fieldText(operand)];
  const inner = operand.arguments.flatMap((argument) => (argument.kind === 'list' ? argument.items : [argument]));
  const names = inner.flatMap((argument) => (argument.kind === 'literal' ? [] : namesIn(argument)));
  const last = inner.findLast(({ kind }) => kind !== 'literal');
  return [...(last?.kind === 'transformer' ? names.slice(0, -1) : names), printOperand(operand)];
}

/**
 * Falco tries every rule on asynchronous events too. A rule on one of accept and accept4 is described by both names: an old event
 * of the second call is called as the first.
 */
function events(rule: CompiledRule, { events: expectation }: ExpectedRule): ExpectedRule['events'] {
  const names = new Set(rule.eventTypes).add('asyncevent');
  if (!('all_except' in expectation)) {
    if (names.has('accept') || names.has('accept4')) names.add('accept').add('accept4');
    return [...names].sort();
  }
  return { all_except: ALL_EVENT_NAMES.filter((name) => !names.has(name)) };
}
