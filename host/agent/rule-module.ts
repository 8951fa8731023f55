// A compiled set of rules as the agent uses it: the verified module, and of each rule what an alert needs.

import { type Priority, parsePriority } from '../compiler/items.ts';
import { MANIFEST_SECTION, MANIFEST_VERSION, type Manifest, type ManifestRule } from '../compiler/manifest.ts';
import { schemaVersion } from '../compiler/schema-version.ts';
import { parseTemplate } from '../compiler/template.ts';
import type { Template } from '../compiler/template-tokens.ts';
import { needsRuntime } from '../fields/container.ts';
import { compileRuleModule, type VerifiedModule } from '../sandbox/instantiate.ts';
import { readCustomSection } from '../sandbox/sections.ts';
import { resolveField } from '../schema/fields.ts';

export interface RuleInfo {
  readonly name: string;
  readonly priority: Priority;
  readonly source: string;
  readonly tags: readonly string[];
  readonly output: Template;
}

export interface RuleModule {
  /** For messages, e.g. the file it came from. */
  readonly name: string;
  readonly verified: VerifiedModule;
  /** By the index that the module gives to match(). */
  readonly rules: readonly RuleInfo[];
  /** Names of the event types that its rules can match. */
  readonly eventTypes: readonly string[];
  /** Its conditions read what only a container's runtime knows (not just container.id). */
  readonly readsContainers: boolean;
}

/** A module that passed the sandbox but can't be used. */
export class RuleModuleError extends Error {
  override readonly name = 'RuleModuleError';
  /** Stable. */
  readonly code: 'MODULE_NO_MANIFEST' | 'MODULE_BAD_MANIFEST' | 'MODULE_OTHER_VERSION';

  constructor(code: RuleModuleError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Verifies a module and reads its manifest. Throws SandboxError for what may not run, RuleModuleError for what can't be used.
 * @param name for messages, e.g. the file's name
 */
export function loadRuleModule(name: string, bytes: Uint8Array): RuleModule {
  const verified = compileRuleModule(bytes);
  const manifest = readManifest(name, bytes);
  try {
    return {
      name,
      verified,
      rules: manifest.rules.map(ruleInfo),
      eventTypes: manifest.eventTypes,
      readsContainers: manifest.rules.some(({ fields }) => fields.some(askRuntime)),
    };
  } catch (error) {
    if (error instanceof RuleModuleError) throw error;
    // The manifest's texts are checked by what uses them.
    throw new RuleModuleError('MODULE_BAD_MANIFEST', `${name}: its manifest is damaged: ${messageOf(error)}`);
  }
}

function readManifest(name: string, bytes: Uint8Array): Manifest {
  const section = readCustomSection(bytes, MANIFEST_SECTION);
  if (!section)
    throw new RuleModuleError('MODULE_NO_MANIFEST', `${name} has no manifest: it is no module of Wasprey's`);
  let manifest: Manifest;
  try {
    manifest = JSON.parse(Buffer.from(section).toString('utf8')) as Manifest;
  } catch {
    throw new RuleModuleError('MODULE_BAD_MANIFEST', `${name}: its manifest is no JSON`);
  }
  if (manifest.version !== MANIFEST_VERSION || manifest.schema !== schemaVersion()) {
    const message = `${name} was compiled by another version of Wasprey, for events of another layout; compile its rules again`;
    throw new RuleModuleError('MODULE_OTHER_VERSION', message);
  }
  return manifest;
}

function ruleInfo({ name, priority, source, tags, output }: ManifestRule): RuleInfo {
  const known = parsePriority(priority);
  if (!known)
    throw new RuleModuleError('MODULE_BAD_MANIFEST', `rule ${name} has priority ${priority}, which there is not`);
  return { name, priority: known, source, tags, output: parseTemplate(output) };
}

function askRuntime(name: string): boolean {
  const resolved = resolveField(name);
  return resolved.ok && needsRuntime(resolved.field);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
