// Makes the manifest of a plan.

import { DEFAULT_SOURCE, type EventSource } from '../schema/event-source.ts';
import { EXACT_VERSION, type ExactRule } from '../schema/kernel-enforcement.ts';
import type { KernelFilter } from '../schema/kernel-filter.ts';
import { MODULE_LAYOUT, storeLayout } from '../schema/versions/record-layout.ts';
import type { Expression, Operand, TransformerArgument } from './conditions/ast.ts';
import { checksOf } from './conditions/fields-of.ts';
import { hostNamesIn } from './conditions/host-names.ts';
import { printCondition } from './conditions/print.ts';
import {
  ALTERNATIVES_VERSION,
  COMPILER_VERSION,
  ENTRY_VERSION,
  MANIFEST_VERSION,
  type Manifest,
  type ManifestAlternative,
  type ManifestRule,
} from './manifest.ts';
import { bodyCost, type Plan, type RuleBody } from './plan/plan.ts';
import type { RuleAlternative } from './rule-alternatives.ts';
import type { RuleSource } from './rules/rule.ts';
import { schemaVersion } from './schema-version.ts';

/** What follows from the source of a plan's events. */
export interface SourcePart {
  readonly eventSource: EventSource;
  readonly auditValues: readonly string[];
  /** Filter of events from the kernel. */
  readonly filter?: KernelFilter;
  readonly exact?: readonly ExactRule[];
}

/** Rules with the plan of their alternatives. */
export interface PlannedAlternatives {
  readonly rules: readonly RuleSource[];
  readonly alternatives: readonly RuleAlternative[];
  readonly plan: Plan;
}

/** @param of the same plan */
export function manifestOf(
  { rules: all, alternatives, plan }: PlannedAlternatives,
  sources: Readonly<Record<string, string>>,
  of: SourcePart,
): Manifest {
  const bodiesOf = Map.groupBy(
    plan.rules.flatMap(({ index, bodies }) => bodies.map((body) => ({ rule: alternatives[index]?.rule, body }))),
    ({ rule }) => rule,
  );
  const rules = all.map((source, index): ManifestRule => {
    const bodies = bodiesOf.get(index)?.map(({ body }) => body) ?? [];
    const { name, description, priority, tags, output, file, line, capture, captureDuration = 0 } = source;
    return {
      name,
      description,
      priority,
      tags,
      source: source.source,
      output,
      condition: source.conditionText,
      file,
      line,
      fields: [...fieldsOf(source.condition)].sort(),
      eventTypes: [...new Set(bodies.flatMap(({ types }) => types.map((type) => type.name)))],
      costs: costsOf(bodies),
      ...(capture && { capture }),
      ...(captureDuration > 0 && { captureDuration }),
    };
  });
  const eventTypes = [...new Set(plan.groups.flatMap(({ types }) => types.map((type) => type.name)))];
  const names = new Set(all.flatMap(({ condition }) => checksOf(condition).flatMap(hostNamesIn)));
  const hasEntries = alternatives.some(({ entry }) => entry);
  const hasSessions = hasEntries || alternatives.some(({ session }) => session);
  return {
    version: hasEntries ? ENTRY_VERSION : hasSessions ? ALTERNATIVES_VERSION : MANIFEST_VERSION,
    compiler: COMPILER_VERSION,
    schema: schemaVersion(),
    layout: storeLayout(MODULE_LAYOUT, eventTypes),
    sources,
    eventTypes,
    rules,
    ...(hasSessions && { alternatives: alternatives.map(storedAlternative) }),
    ...(names.size > 0 && { names: [...names].sort() }),
    ...(of.eventSource !== DEFAULT_SOURCE && { eventSource: of.eventSource, auditValues: of.auditValues }),
    ...(of.filter && { filter: of.filter }),
    ...(of.exact && { exact: { version: EXACT_VERSION, rules: of.exact } }),
  };
}

function storedAlternative({ rule, entry, session }: RuleAlternative): ManifestAlternative {
  return {
    rule,
    ...(entry && { entry: printCondition(entry) }),
    ...(session && { session: printCondition(session) }),
  };
}

/** Costs of all alternatives together. */
function costsOf(bodies: readonly RuleBody[]): Record<string, number> {
  const costs: Record<string, number> = {};
  for (const body of bodies) {
    for (const { name } of body.types) costs[name] = (costs[name] ?? 0) + Math.ceil(bodyCost(body));
  }
  return costs;
}

/** The fields that a condition names, with their arguments in brackets. */
export function fieldsOf(expression: Expression): Set<string> {
  const fields = new Set<string>();
  const operand = (item: Operand | TransformerArgument): void => {
    switch (item.kind) {
      case 'field':
        fields.add(item.argument === undefined ? item.name : `${item.name}[${item.argument}]`);
        break;
      case 'transformer':
        item.arguments.forEach(operand);
        break;
      case 'list':
        item.items.forEach(operand);
        break;
      case 'literal':
    }
  };
  const visit = (node: Expression): void => {
    switch (node.kind) {
      case 'and':
      case 'or':
        node.children.forEach(visit);
        break;
      case 'not':
        visit(node.child);
        break;
      case 'check':
        operand(node.left);
        if (node.right.kind === 'operand') operand(node.right.operand);
        break;
      case 'macro':
    }
  };
  visit(expression);
  return fields;
}
