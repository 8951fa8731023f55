// Rules to a rule module: lower, plan, emit, asc, fuel, manifest.

import { SandboxError } from '../sandbox/error.ts';
import { instrumentFuel } from '../sandbox/fuel.ts';
import { writeCustomSection } from '../sandbox/sections.ts';
import { AUDIT_EVENT_TYPE } from '../schema/audit/record.ts';
import { DEFAULT_SOURCE, fieldSource } from '../schema/event-source.ts';
import type { EventType } from '../schema/events/index.ts';
import { AscError, type AscLimits, runAsc, runAscHere } from './assemble/asc.ts';
import { ASC_FLAGS } from './assemble/asc-flags.ts';
import { ModuleCache } from './assemble/cache.ts';
import { AutomatonTooLargeError } from './automata/automaton.ts';
import { RegexSyntaxError } from './automata/regex.ts';
import { Functions, TooMuchCodeError } from './emit/functions.ts';
import { readOperators } from './emit/imports.ts';
import { functionMaker } from './emit/lowering-functions.ts';
import { emitModule } from './emit/module.ts';
import { type Condition, FALSE } from './ir/condition.ts';
import { contentHash } from './ir/content-hash.ts';
import { MOST_SOURCE } from './ir/module-limits.ts';
import { AuditValues } from './lower/audit-field.ts';
import { lowerExpression } from './lower/expression.ts';
import { GIVEN_EVENT, GivenFields, type GivenKey } from './lower/given-fields.ts';
import { ConstantError } from './lower/number-check.ts';
import type { LoweringWarningCode } from './lower/operand.ts';
import { SessionConstants, SessionTooLargeError } from './lower/session-constants.ts';
import { manifestOf } from './make-manifest.ts';
import { MANIFEST_SECTION, type Manifest } from './manifest.ts';
import { kernelFilter } from './plan/derive.ts';
import { type Plan, planRules } from './plan/plan.ts';
import { exactAmong, type RuleAlternative, ruleAlternatives } from './rule-alternatives.ts';
import type { RuleSource } from './rules/rule.ts';
import { MOST_FUNCTIONS, type TooLarge, tooLargeOnTypes, tooMuchCode } from './too-large.ts';

export interface TranslateOptions {
  /**
   * Where the fields of events are read. `record`: in the records of the capture. `given`: in the table of values that comes with events
   * that are given by their fields (lower/given-fields.ts); all rules are evaluated on each of them.
   */
  readonly fields?: 'record' | 'given';
}

export interface CompileOptions extends TranslateOptions {
  /** Where compiled modules are kept; without it each compilation runs asc. */
  readonly cacheDirectory?: string;
  /** Where modules are that came with the installation. */
  readonly builtDirectory?: string;
  readonly limits?: AscLimits;
  /** This process is a short-lived one with bounds of its own: asc runs in it. */
  readonly inThisProcess?: true;
  /** File name -> sha256, for the manifest. */
  readonly sources?: Readonly<Record<string, string>>;
}

/** A message for the author of a rule. With an error the rule is left out: it never matches. Rules that are too large can't be compiled at all. */
export interface CompileDiagnostic {
  readonly severity: 'error' | 'warning';
  readonly code: LoweringWarningCode | 'condition-too-large' | 'condition-invalid' | 'rules-too-large';
  readonly message: string;
  /** Index of the rule. */
  readonly rule: number;
  /** Further rules that would have to go, if rules are too large together. */
  readonly others?: readonly number[];
}

export interface CompiledModule {
  readonly wasm: Uint8Array;
  readonly manifest: Manifest;
  /** The AssemblyScript. */
  readonly source: string;
  /** The entries of the table of given fields; empty unless they are read there. */
  readonly givenKeys: readonly GivenKey[];
  readonly diagnostics: readonly CompileDiagnostic[];
  /** asc did not have to run. */
  readonly cached: boolean;
}

/** Rules as AssemblyScript, before asc. */
export interface TranslatedRules {
  readonly source: string;
  /** Plan of the alternatives. */
  readonly plan: Plan;
  readonly alternatives: readonly RuleAlternative[];
  readonly givenKeys: readonly GivenKey[];
  /** Values of audit events that lie in no member of the record, by their numbers. */
  readonly auditValues: readonly string[];
  readonly diagnostics: readonly CompileDiagnostic[];
}

/** Compiles rules, all of one source, to the AssemblyScript of a module. If they are too large, the source is empty and a diagnostic has the reason. */
export function translateRules(rules: readonly RuleSource[], options: TranslateOptions = {}): TranslatedRules {
  const given = options.fields === 'given' ? new GivenFields() : undefined;
  const tooLarge = given || onlyType(rules) ? undefined : tooLargeOnTypes(rules);
  if (tooLarge) return notTranslated(tooLarge);
  try {
    // Given events have their session's fields with them.
    return translate(rules, given ? rules.map((source, rule) => ({ rule, source })) : ruleAlternatives(rules), given);
  } catch (error) {
    if (error instanceof TooMuchCodeError) return notTranslated(tooMuchCode(MOST_FUNCTIONS, rules, true));
    throw error;
  }
}

/** The one type of events that rules of the source see; undefined if there are several. Throws if rules are of different sources. */
function onlyType(rules: readonly RuleSource[]): EventType | undefined {
  const sources = new Set(rules.map(({ source }) => source));
  if (sources.size > 1) throw new Error(`rules of ${[...sources].join(' and ')} in one module`);
  return sources.has('k8s_audit') ? AUDIT_EVENT_TYPE : undefined;
}

function translate(
  rules: readonly RuleSource[],
  alternatives: readonly RuleAlternative[],
  given: GivenFields | undefined,
): TranslatedRules {
  const functions = new Functions(MOST_FUNCTIONS);
  const diagnostics = new Map<string, CompileDiagnostic>();
  const auditValues = new AuditValues();
  const report = (
    rule: number,
    severity: CompileDiagnostic['severity'],
    code: CompileDiagnostic['code'],
    message: string,
  ): void => {
    diagnostics.set(`${rule} ${code} ${message}`, { severity, code, message, rule });
  };
  const fail = (rule: number, error: unknown): void => {
    if (error instanceof AutomatonTooLargeError || error instanceof SessionTooLargeError)
      report(rule, 'error', 'condition-too-large', error.message);
    else if (error instanceof ConstantError || error instanceof RegexSyntaxError)
      report(rule, 'error', 'condition-invalid', error.message);
    else throw error;
  };
  const numbers = new Map(alternatives.map(({ source, rule }) => [source, rule]));
  const lower = (rule: RuleSource, type: EventType): Condition => {
    const number = numbers.get(rule) ?? 0;
    return lowerExpression(rule.condition, {
      type,
      ...(given ? { given } : {}),
      auditValues,
      warn: (code, message) => report(number, 'warning', code, message),
      fail: (error) => fail(number, error),
      ...functionMaker(functions),
    });
  };
  const constants = new SessionConstants();
  for (const { rule, entry, session } of alternatives) {
    try {
      for (const condition of [entry, session]) if (condition) constants.prepare(condition);
    } catch (error) {
      fail(rule, error);
    }
  }
  const plan = planRules(
    alternatives.map(({ source }) => source),
    lower,
    given ? GIVEN_EVENT : onlyType(rules),
  );
  const source = emitModule(
    plan,
    functions,
    `${rules.length} ${rules.length === 1 ? 'rule' : 'rules'}, compiled by Wasprey.`,
  );
  const remarks = [...diagnostics.values()];
  if (source.length > MOST_SOURCE) return notTranslated(tooMuchCode(source.length, rules), remarks);
  return {
    ...{ source, plan, alternatives, givenKeys: given?.keys ?? [] },
    ...{ auditValues: auditValues.names, diagnostics: remarks },
  };
}

function notTranslated({ message, rules }: TooLarge, remarks: readonly CompileDiagnostic[] = []): TranslatedRules {
  const [rule, ...others] = rules;
  const diagnostic = { severity: 'error', code: 'rules-too-large', message, rule, others } as const;
  return {
    source: '',
    plan: planRules([], () => FALSE),
    alternatives: [],
    givenKeys: [],
    auditValues: [],
    diagnostics: [...remarks, diagnostic],
  };
}

/**
 * Compiles rules, all of one source, to a module that the sandbox accepts.
 * @throws AscError if asc fails or exceeds its limits
 */
export async function compileModule(
  rules: readonly RuleSource[],
  options: CompileOptions = {},
): Promise<CompiledModule> {
  const { source, plan, alternatives, givenKeys, auditValues, diagnostics } = translateRules(rules, options);
  refuseTooLarge(diagnostics);
  const eventSource = fieldSource(rules[0]?.source ?? DEFAULT_SOURCE);
  const operators = readOperators();
  const cache =
    options.cacheDirectory === undefined ? undefined : new ModuleCache(options.cacheDirectory, options.builtDirectory);
  const key = contentHash([withoutComments(source), ...[...operators].flat(), ...ASC_FLAGS, ASC_VERSION]);
  const known = cache?.read(key);
  const run = () => (options.inThisProcess ? runAscHere(source, operators) : runAsc(source, operators, options.limits));
  const compiled = known ?? (await run());
  if (!known) cache?.write(key, compiled);
  const inKernel = options.fields !== 'given' && eventSource === DEFAULT_SOURCE;
  const kernel = inKernel ? { filter: kernelFilter(plan), exact: exactAmong(plan, alternatives) } : undefined;
  const manifest = manifestOf({ rules, alternatives, plan }, options.sources ?? {}, {
    eventSource,
    auditValues,
    ...kernel,
  });
  const section = Buffer.from(JSON.stringify(manifest), 'utf8');
  const wasm = writeCustomSection(withFuel(compiled), MANIFEST_SECTION, section);
  return { wasm, manifest, source, givenKeys, diagnostics, cached: known !== undefined };
}

/** @throws AscError if there is no code, because the rules are too large */
export function refuseTooLarge(diagnostics: readonly CompileDiagnostic[]): void {
  const tooLarge = diagnostics.find(({ code }) => code === 'rules-too-large');
  if (tooLarge) throw new AscError('too-large', tooLarge.message, [tooLarge.rule, ...(tooLarge.others ?? [])]);
}

/**
 * A module of asc with fuel.
 * @throws AscError if its code is beyond a limit of the sandbox, which the size of its source does not show
 */
export function withFuel(compiled: Uint8Array): Uint8Array<ArrayBuffer> {
  try {
    return instrumentFuel(compiled);
  } catch (error) {
    if (error instanceof SandboxError && error.code === 'limit') throw new AscError('too-large', error.reason);
    throw error;
  }
}

/** Where a rule stands in which file makes no other module. All comments are on lines of their own. */
function withoutComments(source: string): string {
  return source.replace(/^\s*\/\/.*\n/gm, '');
}

/** Pinned in package.json. */
const ASC_VERSION = '0.28.20';
