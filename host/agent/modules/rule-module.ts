// A compiled set of rules as the agent uses it: the verified module, and what alerts need of each rule.

import { createHash } from 'node:crypto';
import { parseTemplate } from '../../compiler/conditions/template.ts';
import type { Template } from '../../compiler/conditions/template-tokens.ts';
import { LONGEST_NAME, LONGEST_TAGS, MOST_HOST_NAMES } from '../../compiler/ir/module-limits.ts';
import { MANIFEST_SECTION, type ManifestRule, whyOtherVersion } from '../../compiler/manifest.ts';
import { schemaVersion } from '../../compiler/schema-version.ts';
import { escapeText } from '../../diagnostics/escape.ts';
import { isObject, isTexts } from '../../diagnostics/json-value.ts';
import { messageOf } from '../../diagnostics/system-reason.ts';
import { needsCluster, needsRuntime } from '../../fields/container.ts';
import type { ExtraFields } from '../../outputs/additions.ts';
import type { BoundResponse } from '../../responses/bound-response.ts';
import { compileRuleModule, type VerifiedModule } from '../../sandbox/compile-module.ts';
import { named } from '../../sandbox/error.ts';
import { readCustomSection } from '../../sandbox/sections.ts';
import { AUDIT_EVENT_TYPE } from '../../schema/audit/record.ts';
import { DEFAULT_SOURCE, EVENT_SOURCES, type EventSource } from '../../schema/event-source.ts';
import { findEventType } from '../../schema/events/index.ts';
import type { Field } from '../../schema/fields/field.ts';
import { resolveField } from '../../schema/fields/index.ts';
import type { ExactRule } from '../../schema/kernel-enforcement.ts';
import type { KernelFilter } from '../../schema/kernel-filter.ts';
import { type Priority, parsePriority } from '../../schema/priority.ts';
import { type RuleAlternative, readAlternatives } from './stored-alternatives.ts';
import { readExact } from './stored-exact.ts';
import { readFilter, withEveryType } from './stored-filter.ts';

export interface RuleInfo {
  readonly name: string;
  readonly priority: Priority;
  readonly source: string;
  readonly tags: readonly string[];
  readonly output: Template;
  /** Its condition reads fields that only the container runtime has (not just container.id). */
  readonly readsContainers: boolean;
  /** Its condition reads the exec session. */
  readonly readsSession: boolean;
  /** It reads fields of the pod that only the API server has. */
  readonly readsPods: boolean;
  /** The fields that its condition reads, with their arguments. */
  readonly fields: readonly string[];
  /** Names of the event types that it can match. */
  readonly eventTypes: readonly string[];
  /** Fields of alerts that the output does not print. */
  readonly extra?: ExtraFields;
  /** Cost of an event of each type, roughly in ns. */
  readonly costs: Readonly<Record<string, number>>;
  /** Its alerts begin a capture. */
  readonly capture: boolean;
  /** How long the capture lasts, in ms; undefined: as the configuration says. */
  readonly captureDuration?: number;
  /** Fields that the page shows of its alerts. Default: none. */
  readonly details?: readonly string[];
  /** What the agent does about its alerts, in this order. Default: nothing. */
  readonly responses?: readonly BoundResponse[];
}

export interface RuleModule {
  /** For messages, e.g. its file. */
  readonly name: string;
  readonly verified: VerifiedModule;
  /** Hash of the module's bytes, in hex, as alerts show it. */
  readonly sha256: string;
  /** Ids of the trusted keys that have signed it. Absent: its signatures were not checked, or it was compiled here. */
  readonly signedBy?: readonly string[];
  /** Source of the events that its rules are on. */
  readonly source: EventSource;
  /** Its rules, by the index that the module passes to match(), unless there are alternatives. */
  readonly rules: readonly RuleInfo[];
  /** Alternatives by that index, which is also that of `filter` and `exact`. Absent: each rule is its only one. */
  readonly alternatives?: readonly RuleAlternative[];
  /** Names of the event types that its rules can match. */
  readonly eventTypes: readonly string[];
  /** Values of audit events that its conditions read and that lie in no member of the record, by number. */
  readonly auditValues: readonly string[];
  /** Names of addresses, which its conditions compare. */
  readonly names: readonly string[];
  /** What an event needs for any of its rules to match; absent if unknown. */
  readonly filter?: KernelFilter;
  /** Rules that the kernel can decide exactly. */
  readonly exact: readonly ExactRule[];
}

/** A module that passed the sandbox but can't be used. */
export class RuleModuleError extends Error {
  override readonly name = 'RuleModuleError';
  /** Stable. */
  readonly code: 'MODULE_NO_MANIFEST' | 'MODULE_BAD_MANIFEST' | 'MODULE_OTHER_VERSION' | 'MODULE_OTHER_SOURCE';

  constructor(code: RuleModuleError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Verifies a module and reads its manifest. Throws SandboxError if it may not run, RuleModuleError if it can't be used.
 * @param name for messages, e.g. the file's name
 * @param accepted sources of events that the caller has
 */
export function loadRuleModule(
  name: string,
  bytes: Uint8Array,
  accepted: readonly EventSource[] = [DEFAULT_SOURCE],
): RuleModule {
  const verified = named(name, () => compileRuleModule(bytes));
  const manifest = readManifest(name, bytes);
  const { source, auditValues } = manifest;
  if (!accepted.includes(source)) {
    const message = `${name} has rules on events of source ${source}, not of ${accepted.join(' or ')}`;
    throw new RuleModuleError('MODULE_OTHER_SOURCE', message);
  }
  try {
    const alternatives = readAlternatives(manifest.alternatives, manifest.rules.length);
    const numbered = alternatives?.map(({ rule }) => manifest.rules[rule]) ?? manifest.rules;
    const ofSessions = new Set(alternatives?.flatMap(({ rule, session }) => (session ? [rule] : [])));
    const exact = readExact(
      manifest.exact,
      numbered.map((rule) => rule?.eventTypes ?? []),
    );
    // The kernel does not know the session.
    if (exact.some(({ rule }) => alternatives?.[rule]?.entry || alternatives?.[rule]?.session))
      throw new Error('a rule on the session is not exact');
    return {
      name,
      verified,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      source,
      auditValues,
      rules: manifest.rules.map((rule, number) => ruleInfo(rule, source, ofSessions.has(number))),
      ...(alternatives && { alternatives }),
      eventTypes: manifest.eventTypes,
      names: manifest.names,
      ...(manifest.filter !== undefined && {
        filter: withEveryType(readFilter(manifest.filter, numbered.length), manifest.eventTypes),
      }),
      exact,
    };
  } catch (error) {
    // The contents of its texts are checked where they are used.
    throw damaged(name, messageOf(error));
  }
}

/** The event types that a module says it matches, before it is verified; none if it does not say so, which loadRuleModule() reports. */
export function eventTypesIn(bytes: Uint8Array): readonly string[] {
  try {
    return readManifest('', bytes).eventTypes;
  } catch {
    return [];
  }
}

function readManifest(name: string, bytes: Uint8Array): StoredManifest {
  const section = readCustomSection(bytes, MANIFEST_SECTION);
  if (!section)
    throw new RuleModuleError('MODULE_NO_MANIFEST', `${name} has no manifest: it is not a module of Wasprey`);
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(section).toString('utf8'));
  } catch {
    throw damaged(name, 'it is not valid JSON');
  }
  if (!isObject(json)) throw damaged(name, 'it is not a JSON object');
  const reason = whyOtherVersion(json);
  if (reason !== undefined) {
    const [by, schema] = [json.compiler, json.schema].map((value) =>
      typeof value === 'string' ? ` ${escapeText(value)}` : '',
    );
    const message = `${name} was compiled by Wasprey${by} for event schema${schema}, and this version has ${schemaVersion()} (${escapeText(reason)}): compile its rules again with this version`;
    throw new RuleModuleError('MODULE_OTHER_VERSION', message);
  }
  const {
    eventSource = DEFAULT_SOURCE,
    auditValues = [],
    eventTypes,
    rules,
    alternatives,
    names = [],
    filter,
    exact,
  } = json;
  if (!isTexts(names)) throw damaged(name, 'its names are not texts');
  if (names.length > MOST_HOST_NAMES) throw damaged(name, 'it has too many host names');
  const source = EVENT_SOURCES.find((known) => known === eventSource);
  if (!source) throw damaged(name, 'its source of events is unknown');
  if (!isTexts(auditValues) || auditValues.length > MOST_AUDIT_VALUES) {
    throw damaged(name, 'its values of audit events are not texts, or too many');
  }
  if (!isTexts(eventTypes) || !eventTypes.every((type) => isTypeOf(type, source))) {
    throw damaged(name, 'it has unknown event types');
  }
  if (!Array.isArray(rules)) throw damaged(name, 'it has no rules');
  const stored = rules.map((rule: unknown, index) => readRule(name, rule, index));
  return { source, auditValues, eventTypes, rules: stored, alternatives, names, filter, exact };
}

/** More than any rules read: each is looked for in every event. */
export const MOST_AUDIT_VALUES = 512;

function isTypeOf(type: string, source: EventSource): boolean {
  return source === DEFAULT_SOURCE ? findEventType(type) !== undefined : type === AUDIT_EVENT_TYPE.name;
}

/** The parts of a manifest that are used. */
interface StoredManifest {
  readonly source: EventSource;
  readonly auditValues: readonly string[];
  readonly eventTypes: readonly string[];
  readonly rules: readonly StoredRule[];
  readonly alternatives: unknown;
  readonly names: readonly string[];
  readonly filter: unknown;
  readonly exact: unknown;
}

type StoredRule = Pick<
  ManifestRule,
  'name' | 'priority' | 'source' | 'tags' | 'output' | 'fields' | 'eventTypes' | 'costs' | 'capture' | 'captureDuration'
>;

function readRule(module: string, rule: unknown, index: number): StoredRule {
  if (!isObject(rule)) throw damaged(module, `rule ${index} is not a JSON object`);
  const { name, priority, source, tags, output, fields, eventTypes, costs, capture, captureDuration } = rule;
  const texts = { name, priority, source, output };
  for (const [key, value] of Object.entries(texts)) {
    if (typeof value !== 'string') throw damaged(module, `the ${key} of rule ${index} is not a text`);
    // An output has a bound of its own (template.ts).
    if (key !== 'output' && value.length > LONGEST_NAME)
      throw damaged(module, `the ${key} of rule ${index} is too long`);
  }
  if (!isTexts(tags) || !isTexts(fields) || !isTexts(eventTypes)) {
    throw damaged(module, `the tags or fields of rule ${index} are not texts`);
  }
  if (tags.join(',').length > LONGEST_TAGS) throw damaged(module, `the tags of rule ${index} are too long`);
  if (!isObject(costs) || !Object.values(costs).every((cost) => Number.isFinite(cost))) {
    throw damaged(module, `the costs of rule ${index} are not numbers`);
  }
  if (captureDuration !== undefined && !(typeof captureDuration === 'number' && captureDuration > 0)) {
    throw damaged(module, `the capture duration of rule ${index} is not a positive number`);
  }
  // Checked above, which TypeScript can't follow.
  return {
    ...(texts as Record<keyof typeof texts, string>),
    tags,
    fields,
    eventTypes,
    costs: costs as Record<string, number>,
    ...(capture === true && { capture }),
    ...(captureDuration !== undefined && { captureDuration }),
  };
}

function damaged(name: string, reason: string): RuleModuleError {
  // The reason may contain texts of the manifest, which is not trusted.
  return new RuleModuleError('MODULE_BAD_MANIFEST', `${name}: its manifest is damaged: ${escapeText(reason)}`);
}

/** @param readsSession its events wait for their container, too: the session is known by its pod */
function ruleInfo(stored: StoredRule, from: EventSource, readsSession: boolean): RuleInfo {
  const { name, priority, source, tags, output, fields, eventTypes, costs, capture = false, captureDuration } = stored;
  const known = parsePriority(priority);
  if (!known) throw new Error(`rule ${name} has the unknown priority ${priority}`);
  return {
    name,
    priority: known,
    source,
    tags,
    output: parseTemplate(output, from),
    readsContainers: readsSession || reads(fields, needsRuntime),
    readsSession,
    readsPods: reads(fields, needsCluster),
    fields,
    eventTypes,
    costs,
    capture,
    ...(captureDuration !== undefined && { captureDuration }),
  };
}

function reads(fields: readonly string[], isMeant: (field: Field) => boolean): boolean {
  return fields.some((name) => {
    const resolved = resolveField(name);
    return resolved.ok && isMeant(resolved.field);
  });
}
