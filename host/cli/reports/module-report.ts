// What is in a module, for `wasprey inspect`: read without trust, since a module may be anybody's and of any version.

import { createHash } from 'node:crypto';
import { readFilter } from '../../agent/modules/stored-filter.ts';
import { MANIFEST_SECTION, whyOtherVersion } from '../../compiler/manifest.ts';
import { filterNeed } from '../../daemon/rules/filter-need.ts';
import { asArray, asObject, asText, asTexts, at, type JsonObject } from '../../diagnostics/json-value.ts';
import { compileRuleModule } from '../../sandbox/compile-module.ts';
import { named } from '../../sandbox/error.ts';
import { readCustomSection } from '../../sandbox/sections.ts';
import type { SandboxProof } from '../../sandbox/verify.ts';
import { DEFAULT_SOURCE } from '../../schema/event-source.ts';
import { signersOf } from '../../signature/signature.ts';

export interface ReportedRule {
  readonly name: string;
  readonly priority: string;
  readonly place: string;
  readonly eventTypes: readonly string[];
}

export interface ModuleReport {
  readonly file: string;
  readonly size: number;
  readonly sha256: string;
  /** Version of the compiler, as the module says. */
  readonly compiler: string;
  /** Which layout of events it reads, as the module says. */
  readonly schema: string;
  /** Source of the events that its rules are on, as the module says. */
  readonly source: string;
  /** Whether this version can run it. */
  readonly runsHere: boolean;
  /** Ids of keys, as the module says: nothing of it is checked. */
  readonly signers: readonly string[];
  readonly proof: SandboxProof;
  /** File name -> sha256. */
  readonly sources: Readonly<Record<string, string>>;
  readonly eventTypes: readonly string[];
  /** Fields that conditions read. */
  readonly fields: readonly string[];
  readonly rules: readonly ReportedRule[];
  /** What the kernel lets through for the module, by rule; undefined: everything of the event types. */
  readonly filter:
    | readonly { readonly rule: string; readonly types: readonly string[]; readonly need: string }[]
    | undefined;
  /** All of it, as it stands in the module. */
  readonly manifest: unknown;
}

/** Undefined if it has no manifest that can be read. Throws SandboxError for what the sandbox refuses. */
export function reportOn(file: string, bytes: Uint8Array): ModuleReport | undefined {
  const { proof } = named(file, () => compileRuleModule(bytes));
  const manifest = parseManifest(bytes);
  if (manifest === undefined) return undefined;
  const rules = asArray(manifest.rules);
  return {
    file,
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    compiler: text(manifest.compiler),
    schema: text(manifest.schema),
    source: text(manifest.eventSource ?? DEFAULT_SOURCE),
    runsHere: whyOtherVersion(manifest) === undefined,
    signers: signersOf(bytes),
    proof,
    sources: Object.fromEntries(asTexts(manifest.sources)),
    eventTypes: asArray(manifest.eventTypes).map(text),
    fields: [...new Set(rules.flatMap((rule) => asArray(at(rule, 'fields')).map(text)))].sort(),
    rules: rules.map((rule) => ({
      name: text(at(rule, 'name')),
      priority: text(at(rule, 'priority')),
      place: `${text(at(rule, 'file'))}:${asNumber(at(rule, 'line')) ?? '?'}`,
      eventTypes: asArray(at(rule, 'eventTypes')).map(text),
    })),
    filter: filterOf(manifest, rules),
    manifest,
  };
}

function filterOf(manifest: JsonObject, rules: readonly unknown[]): ModuleReport['filter'] {
  if (manifest.filter === undefined) return undefined;
  // Clauses have the numbers of alternatives, if there are any.
  const { alternatives } = manifest;
  const numbered =
    alternatives === undefined ? rules : asArray(alternatives).map((one) => rules[asNumber(at(one, 'rule')) ?? -1]);
  try {
    return readFilter(manifest.filter, numbered.length).map((clause) => ({
      rule: text(at(numbered[clause.rule], 'name')),
      types: clause.types,
      need: filterNeed(clause) ?? 'nothing',
    }));
  } catch {
    // The manifest is of another version, or made up: it is not used either.
    return undefined;
  }
}

function parseManifest(bytes: Uint8Array): JsonObject | undefined {
  const section = readCustomSection(bytes, MANIFEST_SECTION);
  if (section === undefined) return undefined;
  try {
    return asObject(JSON.parse(Buffer.from(section).toString('utf8')));
  } catch {
    return undefined;
  }
}

function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function text(value: unknown): string {
  return asText(value) ?? '?';
}
