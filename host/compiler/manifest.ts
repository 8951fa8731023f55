// The manifest: names, outputs and needs of a module's rules. It travels in the module, as JSON.

import { isTexts, type JsonObject } from '../diagnostics/json-value.ts';
import { DEFAULT_SOURCE, type EventSource } from '../schema/event-source.ts';
import { EXACT_VERSION, type ExactRule } from '../schema/kernel-enforcement.ts';
import type { KernelFilter } from '../schema/kernel-filter.ts';
import {
  incompatibility,
  MODULE_LAYOUT,
  readLayout,
  type StoredLayout,
  storeLayout,
} from '../schema/versions/record-layout.ts';
import type { Expression, Operand, TransformerArgument } from './conditions/ast.ts';
import { checksOf } from './conditions/fields-of.ts';
import { hostNamesIn } from './conditions/host-names.ts';
import { printCondition } from './conditions/print.ts';
import { bodyCost, type Plan, type RuleBody } from './plan/plan.ts';
import type { RuleAlternative } from './rule-alternatives.ts';
import type { RuleSource } from './rules/rule.ts';
import { schemaVersion } from './schema-version.ts';

/** Custom section that holds it. */
export const MANIFEST_SECTION = 'wasprey.manifest';

/** Raised whenever the meaning of a manifest or of the module's interface changes. */
export const MANIFEST_VERSION = 2;

/** Of a manifest with alternatives: versions that do not know them must not run its module. */
export const ALTERNATIVES_VERSION = 3;

/** The same if any of these has a condition on the session that the process is in. */
export const ENTRY_VERSION = 4;

const VERSIONS = [MANIFEST_VERSION, ALTERNATIVES_VERSION, ENTRY_VERSION] as const;

/** Raised with every change of the compiler's output for the same rules. */
export const COMPILER_VERSION = '0.1.0';

export interface ManifestRule {
  readonly name: string;
  readonly description: string;
  readonly priority: string;
  readonly tags: readonly string[];
  readonly source: string;
  /** Output template as it was written. */
  readonly output: string;
  /** Condition as it was written. */
  readonly condition: string;
  readonly file: string;
  readonly line: number;
  /** Fields that the condition reads, with their arguments. */
  readonly fields: readonly string[];
  /** Event types on which it can match; empty: it never does. */
  readonly eventTypes: readonly string[];
  /** What an event of each of them costs, roughly in ns: by it the time that a module takes is divided among its rules. */
  readonly costs: Readonly<Record<string, number>>;
  /** Its alerts begin a capture. Absent: they do not. */
  readonly capture?: true;
  /** How long that lasts, in ms. Absent: as the configuration says. */
  readonly captureDuration?: number;
}

export interface ManifestAlternative {
  /** Number of its rule. */
  readonly rule: number;
  /** A condition on the session alone that the process is in. Absent: none. */
  readonly entry?: string;
  /** A condition on the exec session alone. Absent: none. */
  readonly session?: string;
}

export interface Manifest {
  readonly version: (typeof VERSIONS)[number];
  readonly compiler: string;
  /** schemaVersion() of the layout that the module was compiled for. */
  readonly schema: string;
  /** That layout, as far as the module may read it: another version can run the module if it has all of this at the same places. */
  readonly layout: StoredLayout;
  /** File name -> sha256 of the rules it was compiled from. */
  readonly sources: Readonly<Record<string, string>>;
  /** Source of the events that all rules are on. Absent: syscall. */
  readonly eventSource?: EventSource;
  /** The values of audit events that conditions read and that lie in no member of the record: fields with their arguments, by number. */
  readonly auditValues?: readonly string[];
  /** All event types that any rule can match: what has to be captured. */
  readonly eventTypes: readonly string[];
  /** By the number that the module reports, unless there are alternatives. */
  readonly rules: readonly ManifestRule[];
  /** By the number that the module reports, which is also that of `filter` and `exact`. Absent: each rule is its only one. */
  readonly alternatives?: readonly ManifestAlternative[];
  /** Names of addresses that conditions compare: what has to be resolved. Absent: none. */
  readonly names?: readonly string[];
  /** The needs of the rules that the kernel can check. Absent: it drops nothing. */
  readonly filter?: KernelFilter;
  /** The rules that the kernel can decide exactly. Absent: none is known to be. */
  readonly exact?: { readonly version: typeof EXACT_VERSION; readonly rules: readonly ExactRule[] };
}

/**
 * Why this version can't run a module with that manifest, for people; undefined if it can. The manifest is not trusted.
 * @param manifest as JSON
 */
export function whyOtherVersion(manifest: JsonObject): string | undefined {
  if (!VERSIONS.some((version) => version === manifest.version)) return 'its manifest has another version';
  if (manifest.schema === schemaVersion()) return undefined;
  const layout = readLayout(manifest.layout);
  if (!layout || !isTexts(manifest.eventTypes)) return 'it does not say for which layout of events it was compiled';
  return incompatibility(layout, MODULE_LAYOUT, manifest.eventTypes);
}

/** What follows from the source of a plan's events. */
export interface SourcePart {
  readonly eventSource: EventSource;
  readonly auditValues: readonly string[];
  /** Of events from the kernel. */
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

/** Of all alternatives together. */
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
