// Checks the plugins that rule files require: this engine loads no plugins, but has the fields of one itself.

import { type Context, type Diagnostic, RuleLoadError, warning } from '../../diagnostics/diagnostic.ts';
import { printVersion, type Version } from './items.ts';

/** A plugin, or one of its alternatives. */
export interface RequiredPlugin {
  readonly name: string;
  readonly version: Version;
}

/** One entry of `required_plugin_versions`: any of the plugins satisfies it. */
export interface PluginRequirement {
  readonly plugins: readonly RequiredPlugin[];
  readonly context: Context;
}

/** The fields of Falco's container plugin are fields of this engine: those of the version that comes with Falco 0.44. */
const PROVIDED: ReadonlyMap<string, Version> = new Map([['container', { major: 0, minor: 7, patch: 1 }]]);

/**
 * As in Falco, the first available alternative decides: it must have the same major version and not be older. Without an
 * available one Falco does not start; here it is a warning, because rules of other event sources are not evaluated anyway.
 */
export function checkPlugins({ plugins, context }: PluginRequirement): Diagnostic | undefined {
  const required = plugins.find(({ name }) => PROVIDED.has(name));
  const provided = required && PROVIDED.get(required.name);
  if (!required || !provided) {
    const names = plugins.map(({ name }) => name).join(' or ');
    const help = 'rules for events of a plugin are not evaluated; all other rules are';
    return warning(
      'WASPREY_PLUGIN_UNAVAILABLE',
      `plugin ${names} is not available: Wasprey does not load plugins`,
      context,
      { help },
    );
  }
  const { name, version } = required;
  const older = provided.minor - version.minor || provided.patch - version.patch;
  if (provided.major === version.major && older >= 0) return undefined;
  const has = printVersion(provided);
  const message = `Plugin '${name}' version ${has} does not fulfil the requirement of version ${printVersion(version)}`;
  const help = `use rules written for its version ${has} or older`;
  return new RuleLoadError('LOAD_ERR_VALIDATE', message, context, { help }).diagnostic;
}
