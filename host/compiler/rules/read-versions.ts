// What a rules file requires: a version of the engine, versions of plugins.

import { type Context, RuleLoadError } from '../../diagnostics/diagnostic.ts';
import { lookUp, type YamlMapping } from '../../diagnostics/yaml.ts';
import { contextAt, invalid, parseUnsigned, scalarAt, textAt } from '../../diagnostics/yaml-values.ts';
import type { Collection } from './collection.ts';
import { ENGINE_VERSION, printVersion, type Version } from './items.ts';
import type { PluginRequirement, RequiredPlugin } from './plugin-requirements.ts';

const THREE_NUMBERS = /^\s*([+-]?\d+)\.\s*([+-]?\d+)\.\s*([+-]?\d+)/;

/** Three 32-bit numbers, as C's scanf reads them: what follows them (`-rc1`, `.1`) is ignored. */
function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch] = THREE_NUMBERS.exec(text) ?? [];
  if (major === undefined || minor === undefined || patch === undefined) return undefined;
  const number = (digits: string) => Number(BigInt.asUintN(32, BigInt(digits.replace('+', ''))));
  return { major: number(major), minor: number(minor), patch: number(patch) };
}

/** @throws RuleLoadError if the version is invalid, or not fulfilled by this engine */
export function readEngineVersion(item: YamlMapping, collection: Collection, parent: Context): void {
  const context = contextAt('required_engine_version', '', item, parent);
  const scalar = scalarAt(item, 'required_engine_version', context);
  const minor = parseUnsigned(scalar.text);
  const required = minor === undefined ? parseVersion(scalar.text) : { major: 0, minor, patch: 0 };
  if (!required) {
    const message = `Unable to parse engine version '${scalar.text}' as a semver string. Expected "x.y.z" semver format.`;
    invalid(message, { ...context, start: scalar.start, end: scalar.end });
  }
  const older = ENGINE_VERSION.minor - required.minor || ENGINE_VERSION.patch - required.patch;
  if (required.major !== ENGINE_VERSION.major || older < 0) {
    const engine = printVersion(ENGINE_VERSION);
    throw new RuleLoadError(
      'LOAD_ERR_VALIDATE',
      `Rules require engine version ${printVersion(required)}, but engine version is ${engine}`,
      { ...context, start: scalar.start, end: scalar.end },
      { help: `use rules written for Falco engine ${engine} or older` },
    );
  }
  collection.requireEngine(required);
  collection.warnOfUnknownKeys(item, ['required_engine_version'], context);
}

/** Reads them; whether they are fulfilled is reported when all files are loaded. */
export function readPluginVersions(item: YamlMapping, collection: Collection, parent: Context): void {
  const versions = lookUp(item, 'required_plugin_versions') ?? item;
  const context = contextAt('required plugin versions', '', versions, parent);
  if (versions.kind !== 'sequence') {
    invalid('Value of required_plugin_versions must be a sequence', context, 'write `[{name: ..., version: x.y.z}]`');
  }
  for (const entry of versions.items) {
    const entryContext = contextAt('required plugin versions entry', '', entry, context);
    if (entry.kind !== 'mapping') invalid('Plugin version must be a mapping', entryContext);
    collection.requirePlugin(readPluginVersion(entry, entryContext));
  }
  collection.warnOfUnknownKeys(item, ['required_plugin_versions'], context);
}

interface Requirement {
  readonly name: string;
  readonly version: string;
}

function readPluginVersion(entry: YamlMapping, unnamed: Context): PluginRequirement {
  const name = textAt(entry, 'name', unnamed);
  const context = { ...unnamed, name };
  const requirements: Requirement[] = [{ name, version: textAt(entry, 'version', context) }];
  const alternatives = lookUp(entry, 'alternatives');
  if (alternatives && alternatives.kind !== 'sequence') {
    invalid('Value of plugin version alternatives must be a sequence', context);
  }
  for (const alternative of alternatives?.kind === 'sequence' ? alternatives.items : []) {
    const unnamedAlternative = contextAt('required plugin versions alternative', '', alternative, context);
    if (alternative.kind !== 'mapping') invalid('Plugin version must be a mapping', unnamedAlternative);
    const alternativeName = textAt(alternative, 'name', unnamedAlternative);
    const version = textAt(alternative, 'version', { ...unnamedAlternative, name: alternativeName });
    requirements.push({ name: alternativeName, version });
  }
  const names = new Set<string>();
  const plugins = requirements.map((requirement): RequiredPlugin => {
    const version = parseVersion(requirement.version);
    if (!version) {
      const message = `Invalid required version '${requirement.version}' for plugin '${requirement.name}'`;
      throw new RuleLoadError('LOAD_ERR_VALIDATE', message, context, { help: 'write three numbers: 1.2.3' });
    }
    if (names.has(requirement.name)) {
      const message = `Defined multiple alternative version requirements for plugin '${requirement.name}'`;
      throw new RuleLoadError('LOAD_ERR_VALIDATE', message, context);
    }
    names.add(requirement.name);
    return { name: requirement.name, version };
  });
  return { plugins, context };
}
