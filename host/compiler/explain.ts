// Explains a rule: the events it is evaluated on, the fields it reads, what is decided when, and the cost.

import { DEFAULT_SOURCE, type EventSource, fieldSource } from '../schema/event-source.ts';
import type { EventType } from '../schema/events/index.ts';
import { resolveNamed } from '../schema/fields/index.ts';
import type { KernelFilter } from '../schema/kernel-filter.ts';
import { refuseTooLarge, translateRules } from './compile.ts';
import type { Check, Expression, FieldOperand } from './conditions/ast.ts';
import { checksOf, fieldsOf } from './conditions/fields-of.ts';
import { readsSession, sessionSourceIn } from './conditions/session-checks.ts';
import { templateFields } from './conditions/template.ts';
import { fieldText } from './conditions/type-of.ts';
import { type Exactness, exactnessOf } from './exactness.ts';
import { type Condition, scopeOf } from './ir/condition.ts';
import { conditionOn } from './lint/condition-on.ts';
import { typesOf } from './lint/subject.ts';
import { kernelFilter } from './plan/derive.ts';
import { bodyCost } from './plan/plan.ts';
import type { CompiledRule } from './rules/rule.ts';
import { ruleSourceOf } from './rules/rule.ts';

export interface Explanation {
  /** Event types that the rule can be true of: those that are recorded because of it. */
  readonly tried: readonly string[];
  /** Captured event types that its checks of the type allow, but on which another check is always false. */
  readonly never: readonly string[];
  /** How many more types its checks allow, which only other sources of events have. */
  readonly notCaptured: number;
  readonly conditionFields: readonly ReadField[];
  readonly outputFields: readonly ReadField[];
  /** Checks of the session that the process is in: decided when the rest of the condition holds. */
  readonly entryParts: readonly Check[];
  /** Checks that are decided when it is known whose exec session the event's process is in. */
  readonly sessionParts: readonly Check[];
  /** What of the condition depends on the process alone. Undefined: nothing that all matches need. */
  readonly processPart: Expression | undefined;
  /** Nanoseconds, a rough estimate; once per process. */
  readonly processCost: number;
  /** The facts by which the kernel drops events that can't match. */
  readonly filter: KernelFilter;
  /** Whether these facts decide alone, so that the kernel can act on a match. */
  readonly exactness: Exactness;
  /** On an event of a process that the process part is true of, for types with the same tests. */
  readonly eventCosts: readonly { readonly types: readonly string[]; readonly nanoseconds: number }[];
}

export interface ReadField {
  readonly name: string;
  /** False: always absent on live events. */
  readonly captured: boolean;
}

/** @throws AscError if the rule is too large to be compiled */
export function explainRule(rule: CompiledRule): Explanation {
  const { plan, diagnostics } = translateRules([ruleSourceOf(rule)]);
  refuseTooLarge(diagnostics);
  // The costs of a rule with several alternatives are those of all: each is evaluated.
  const bodies = plan.rules.flatMap((alternative) => alternative.bodies);
  const types = [...new Set(bodies.flatMap((body) => body.types))];
  const tried = new Set(types.map(({ name }) => name));
  const captured = typesOf(rule).map(({ name }) => name);
  const source = fieldSource(rule.source);
  return {
    tried: captured.filter((name) => tried.has(name)),
    never: captured.filter((name) => !tried.has(name)),
    notCaptured: source === DEFAULT_SOURCE ? rule.eventTypes.size - captured.length : 0,
    entryParts: checksOf(rule.condition).filter((check) => sessionSourceIn(check) === 'entry'),
    sessionParts: checksOf(rule.condition).filter((check) => sessionSourceIn(check) === 'session'),
    conditionFields: named(checksOf(rule.condition).flatMap(fieldsOf), source),
    outputFields: named(templateFields(rule.output), source),
    processPart: processPart(rule.condition, types, false),
    processCost: plan.rules.reduce((sum, { candidate }) => sum + costOf(candidate), 0),
    filter: source === DEFAULT_SOURCE ? kernelFilter(plan) : [],
    exactness: source === DEFAULT_SOURCE ? exactnessOf(ruleSourceOf(rule)) : NOT_EXACT,
    eventCosts: [...Map.groupBy(bodies, (body) => body.types.map(({ name }) => name).join())].map(([names, alike]) => ({
      types: names.split(','),
      nanoseconds: alike.reduce((sum, body) => sum + bodyCost(body), 0),
    })),
  };
}

/** No event of another source passes through the kernel. */
const NOT_EXACT: Exactness = { isExact: false, parts: [], whole: [] };

function named(fields: readonly FieldOperand[], source: EventSource): ReadField[] {
  const found = new Map<string, ReadField>();
  for (const field of fields) {
    const resolved = resolveNamed(field.name, field.argument, source);
    const name = fieldText(field);
    found.set(name, { name, captured: resolved.ok && resolved.field.source.from !== 'none' });
  }
  return [...found.values()];
}

function costOf(condition: Condition): number {
  return condition.kind === 'constant' ? 0 : condition.cost;
}

/** The condition with what needs the event left out, as the plan does it on the intermediate form. */
function processPart(expression: Expression, types: readonly EventType[], negated: boolean): Expression | undefined {
  switch (expression.kind) {
    case 'not':
      return processPart(expression.child, types, !negated);
    case 'and':
    case 'or': {
      const kind = (expression.kind === 'and') === negated ? 'or' : 'and';
      const parts = expression.children.map((child) => processPart(child, types, negated));
      const kept = parts.filter((part) => part !== undefined);
      if (kind === 'or' && kept.length < parts.length) return undefined;
      return kept.length > 1 ? { kind, children: kept, span: expression.span } : kept[0];
    }
    case 'check': {
      if (readsSession(expression) || !ofProcessAlone(expression, types)) return undefined;
      return negated ? { kind: 'not', child: expression, span: expression.span } : expression;
    }
    case 'macro':
      return undefined;
  }
}

function ofProcessAlone(expression: Expression, types: readonly EventType[]): boolean {
  return (
    types.length > 0 &&
    types.every((type) => {
      const condition = conditionOn(expression, type);
      return condition !== undefined && condition.kind !== 'constant' && scopeOf(condition) === 'image';
    })
  );
}
