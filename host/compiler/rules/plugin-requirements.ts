// Checks the plugins that rule files require: this engine loads no plugins, but has the fields of some itself.

import { type Context, type Diagnostic, RuleLoadError, warning } from '../../diagnostics/diagnostic.ts';
import type { EventSource } from '../../schema/event-source.ts';
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

type ProvidedPlugin = readonly [name: string, version: Version];

/** The fields of Falco's container plugin are fields of this engine: those of the version that comes with Falco 0.44. */
const CONTAINER: ProvidedPlugin = ['container', { major: 0, minor: 7, patch: 1 }];

/** And those of the plugins for audit events, where events of that source are evaluated. */
const AUDIT: readonly ProvidedPlugin[] = [
  ['k8saudit', { major: 0, minor: 18, patch: 0 }],
  ['json', { major: 0, minor: 7, patch: 4 }],
];

const PROVIDED: Readonly<Record<EventSource, ReadonlyMap<string, Version>>> = {
  syscall: new Map([CONTAINER]),
  k8s_audit: new Map([CONTAINER, ...AUDIT]),
};

/**
 * As in Falco, the first available alternative decides: it must have the same major version and not be older. Without an
 * available one Falco does not start; here it is a warning, because rules of other event sources are not evaluated anyway.
 * @param hasAudit events of that source are evaluated
 */
export function checkPlugins({ plugins, context }: PluginRequirement, hasAudit: boolean): Diagnostic | undefined {
  const known = PROVIDED[hasAudit ? 'k8s_audit' : 'syscall'];
  const required = plugins.find(({ name }) => known.has(name));
  const provided = required && known.get(required.name);
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
