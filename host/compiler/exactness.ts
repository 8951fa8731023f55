// Whether the kernel can decide a rule exactly, and which parts of its condition stand in the way: for `where: kernel` of responses, and
// `wasprey explain`.

import { type Diagnostic, RuleLoadError } from '../diagnostics/diagnostic.ts';
import { findEventType } from '../schema/events/index.ts';
import { refuseTooLarge, translateRules } from './compile.ts';
import type { Check, Expression, Span } from './conditions/ast.ts';
import { checksOf } from './conditions/fields-of.ts';
import { printCondition } from './conditions/print.ts';
import { type SessionSource, sessionSourceIn } from './conditions/session-checks.ts';
import { conditionOn } from './lint/condition-on.ts';
import { type InexactTest, type Proof, proveExact } from './plan/exact/exact-rules.ts';
import { REASONS, testsOf } from './plan/exact/reasons.ts';
import { type CompiledRule, type RuleSource, ruleSourceOf } from './rules/rule.ts';

/** A part of a condition that the kernel can't decide. */
export interface InexactPart {
  readonly check: Check;
  /** Follows a colon. */
  readonly why: string;
}

export interface Exactness {
  readonly isExact: boolean;
  /** In the order of the condition. */
  readonly parts: readonly InexactPart[];
  /** What stands in the way besides, without a place of its own. */
  readonly whole: readonly string[];
}

/** The rule as the kernel enforces it: its condition, and not `unless`. */
export function enforcedRule(rule: RuleSource, unless?: Expression): RuleSource {
  if (!unless) return rule;
  const { span } = rule.condition;
  const exception: Expression = { kind: 'not', child: unless, span };
  return {
    ...rule,
    condition: { kind: 'and', children: [rule.condition, exception], span },
    conditionText: `(${rule.conditionText}) and not (${printCondition(unless)})`,
  };
}

const OUTSIDE: Readonly<Record<SessionSource, string>> = {
  entry: 'the kernel does not know how the session was entered',
  session: 'whose session it is becomes known after the event',
};

/** @throws AscError if the rule is too large to be compiled */
export function exactnessOf(rule: RuleSource, unless?: Expression): Exactness {
  const { plan, diagnostics } = translateRules([enforcedRule(rule, unless)]);
  refuseTooLarge(diagnostics);
  const failed = diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message);
  const checks = [...checksOf(rule.condition), ...(unless ? checksOf(unless) : [])];
  const outside = checks.flatMap((check) => {
    const source = sessionSourceIn(check);
    return source ? [{ check, why: OUTSIDE[source] }] : [];
  });
  if (outside.length > 0) return { isExact: false, parts: outside, whole: failed };
  const [planned] = plan.rules;
  if (failed.length > 0 || !planned) return { isExact: false, parts: [], whole: failed };
  return exactness(proveExact(planned), checks);
}

function exactness(proof: Proof, checks: readonly Check[]): Exactness {
  if (proof.isExact) return { isExact: true, parts: [], whole: [] };
  const why = new Map<Check, string>();
  const whole = new Set(proof.whole ? [REASONS[proof.whole]] : []);
  for (const test of proof.tests) {
    const found = checksWith(test, checks);
    for (const check of found) if (!why.has(check)) why.set(check, REASONS[test.why]);
    if (found.length === 0) whole.add(REASONS[test.why]);
  }
  const parts = checks.flatMap((check) => {
    const reason = why.get(check);
    return reason === undefined ? [] : [{ check, why: reason }];
  });
  return { isExact: false, parts, whole: [...whole] };
}

/** The checks that a test comes from. */
function checksWith({ test, types: [name = ''] }: InexactTest, checks: readonly Check[]): readonly Check[] {
  const type = findEventType(name);
  if (!type) return [];
  return checks.filter((check) => {
    const condition = conditionOn(check, type);
    return condition !== undefined && testsOf(condition).some(({ key }) => key === test.key);
  });
}

/** Why a response can't act in the kernel on a rule: for the author of the rule, or of the response's `unless`. */
export type EnforcementProblem =
  | { readonly in: 'rule'; readonly diagnostic: Diagnostic }
  /** `span`: in bytes of the text of `unless`. */
  | { readonly in: 'unless'; readonly span: Span; readonly message: string; readonly help: string };

const HELP = 'leave it out in a rule of its own for this response, or let the response act on the host (`where: host`)';
const HELP_UNLESS = 'leave it out, or let the response act on the host (`where: host`)';

/**
 * Empty: the rule is exact in the kernel, `unless` included.
 * @throws AscError if the rule is too large to be compiled
 */
export function enforcementProblems(rule: CompiledRule, unless?: Expression): readonly EnforcementProblem[] {
  const { isExact, parts, whole } = exactnessOf(ruleSourceOf(rule), unless);
  if (isExact) return [];
  const excepted = new Set(unless ? checksOf(unless) : []);
  return [
    ...parts.map(({ check, why }): EnforcementProblem => {
      const message = `${shortened(printCondition(check))} is not exact in the kernel: ${why}`;
      if (excepted.has(check)) return { in: 'unless', span: check.span, message, help: HELP_UNLESS };
      return { in: 'rule', diagnostic: diagnosticAt(rule, message, check) };
    }),
    ...whole.map((why): EnforcementProblem => {
      const message = `rule '${rule.name}' is not exact in the kernel: ${why}`;
      return { in: 'rule', diagnostic: diagnosticAt(rule, message) };
    }),
  ];
}

function diagnosticAt(rule: CompiledRule, message: string, check?: Check): Diagnostic {
  const place = check ? rule.placeOf(check.span, check) : rule.place;
  return new RuleLoadError('WASPREY_NOT_EXACT', message, place, { help: HELP }).diagnostic;
}

/** Characters of a check in a message. */
const LONGEST = 80;

export function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
}
