// From the bytes of a rule module to what the agent runs. The bytes may come from anywhere: the sandbox proves what the code may
// do, and the manifest is read as the untrusted data it is.

import type { RuleInfo, RuleModule } from '../agent/rule-module.ts';
import { type Priority, parsePriority } from '../compiler/items.ts';
import { COMPILER_VERSION, MANIFEST_SECTION, MANIFEST_VERSION } from '../compiler/manifest.ts';
import { schemaVersion } from '../compiler/schema-version.ts';
import { parseTemplate, TemplateError } from '../compiler/template.ts';
import { isContainerField } from '../fields/container.ts';
import { compileRuleModule } from '../sandbox/instantiate.ts';
import { readCustomSection } from '../sandbox/sections.ts';
import { findEventType } from '../schema/events.ts';
import { resolveField } from '../schema/fields.ts';
import { CommandFailure } from './report-error.ts';

/** Known from the cgroup alone, without asking a runtime. */
const CONTAINER_IDENTITY: ReadonlySet<string> = new Set(['container.id', 'container.full_id', 'container.type']);

/**
 * Verifies a module and reads its manifest.
 * @param name for messages
 * @throws {SandboxError} when the code is not a rule module's
 * @throws {CommandFailure} when the manifest is not one that this version can use
 */
export function readRuleModule(name: string, bytes: Uint8Array): RuleModule {
  const verified = compileRuleModule(bytes);
  const section = readCustomSection(bytes, MANIFEST_SECTION);
  if (!section) throw unusable(name, 'it has no manifest');
  const manifest = record(parse(name, section), name, 'the manifest');
  if (manifest.version !== MANIFEST_VERSION || manifest.schema !== schemaVersion()) {
    throw unusable(
      name,
      `it was compiled by another version (${String(manifest.compiler)}; this is ${COMPILER_VERSION})`,
    );
  }
  const rules = list(manifest.rules, name, 'rules').map((item, index) => record(item, name, `rule ${index}`));
  return {
    name,
    verified,
    rules: rules.map((rule) => ruleInfo(rule, name)),
    eventTypes: texts(manifest.eventTypes, name, 'eventTypes').filter((type) => findEventType(type) !== undefined),
    readsContainers: rules.some((rule) => texts(rule.fields, name, 'fields').some(needsRuntime)),
  };
}

function parse(name: string, section: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(section));
  } catch {
    throw unusable(name, 'its manifest is not JSON');
  }
}

function ruleInfo(rule: Readonly<Record<string, unknown>>, module: string): RuleInfo {
  const name = text(rule.name, module, 'name');
  const written = text(rule.output, module, 'output');
  try {
    return {
      name,
      priority: priority(rule.priority, module),
      source: text(rule.source, module, 'source'),
      tags: texts(rule.tags, module, 'tags'),
      output: parseTemplate(written),
    };
  } catch (error) {
    if (error instanceof TemplateError) throw unusable(module, `the output of rule "${name}": ${error.message}`);
    throw error;
  }
}

function needsRuntime(written: string): boolean {
  const resolved = resolveField(written);
  return resolved.ok && isContainerField(resolved.field) && !CONTAINER_IDENTITY.has(resolved.field.name);
}

function priority(value: unknown, module: string): Priority {
  const found = parsePriority(text(value, module, 'priority'));
  if (!found) throw unusable(module, `there is no priority ${JSON.stringify(value)}`);
  return found;
}

function record(value: unknown, module: string, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw unusable(module, `${what} is no object`);
  return value as Readonly<Record<string, unknown>>;
}

function list(value: unknown, module: string, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw unusable(module, `${what} in its manifest is no list`);
  return value;
}

function text(value: unknown, module: string, what: string): string {
  if (typeof value !== 'string') throw unusable(module, `${what} in its manifest is no text`);
  return value;
}

function texts(value: unknown, module: string, what: string): string[] {
  return list(value, module, what).map((item) => text(item, module, what));
}

function unusable(module: string, reason: string): CommandFailure {
  return new CommandFailure(
    `${module} can't be used: ${reason}`,
    'compile the rules again: wasprey compile RULES... -o OUT.wasm',
  );
}
