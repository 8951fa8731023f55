// The options of `wasprey run`, and the keys of the configuration that they set.

import { type ListValue, type OptionValues, UsageError } from '../diagnostics/arguments.ts';
import { LOG_LEVELS } from '../diagnostics/log.ts';
import { EVENT_SOURCES } from '../schema/event-source.ts';
import { SIGNATURE_MODES } from '../signature/policy.ts';
import { ALERT_OPTIONS } from './alert-options.ts';
import { CONFIG_OPTIONS, USUAL_CONFIG } from './configuration.ts';
import { RING_OPTIONS } from './ring-options.ts';
import { SELECTION_OPTIONS } from './rules/rule-selection.ts';

export const RUN_OPTIONS = {
  module: {
    kind: 'list',
    short: 'm',
    value: 'FILE',
    description:
      'Run a module of `wasprey compile`, or all modules of a folder (.wasm), instead of the rules that come with Wasprey. May be given several times; RULES come after modules.',
  },
  watch: {
    kind: 'flag',
    description:
      'Apply changes of rule files and modules at run time. Default: watch_config_files of the configuration, if there is one. SIGHUP reloads in any case.',
  },
  'no-watch': { kind: 'flag', description: 'Apply changes only on SIGHUP.' },
  signature: {
    kind: 'text',
    value: 'MODE',
    choices: SIGNATURE_MODES,
    description:
      'Whether modules must be signed with a trusted key; rule files need no signature. Default: required if there is a trusted key, else off.',
  },
  'trusted-key': {
    kind: 'list',
    value: 'FILE',
    description: 'A trusted public key of `wasprey keygen`; may be given several times.',
  },
  ...CONFIG_OPTIONS,
  config: {
    ...CONFIG_OPTIONS.config,
    description: `Configuration, in the format of falco.yaml. Default: ${USUAL_CONFIG}, if it exists and neither RULES nor modules are given.`,
  },
  json: { kind: 'flag', short: 'j', description: 'Print alerts as JSON objects, one per line.' },
  output: {
    kind: 'text',
    value: 'FILE',
    description: 'Append the alerts to a file as well; -o FILE does the same, if it has no = in it.',
  },
  'no-stdout': { kind: 'flag', description: 'No alerts on standard output.' },
  ...ALERT_OPTIONS,
  ...RING_OPTIONS,
  'no-kernel-filter': {
    kind: 'flag',
    description: 'Evaluate every event, including those that no rule can match. For diagnosis.',
  },
  'enable-source': {
    kind: 'list',
    value: 'SOURCE',
    description: `Receive events of this source only: ${EVENT_SOURCES.join(' or ')}; may be given several times.`,
  },
  'disable-source': {
    kind: 'list',
    value: 'SOURCE',
    description: `Receive no events of this source; may be given several times. Default: all configured sources are received. Without syscall the machine is not watched, and no privilege is needed.`,
  },
  duration: {
    kind: 'number',
    value: 'SECONDS',
    least: 0,
    fraction: true,
    description: 'Stop after this time.',
  },
  'log-level': {
    kind: 'text',
    value: 'LEAST',
    choices: LOG_LEVELS,
    description: "Lowest severity of the agent's own messages. Default: info.",
  },
  ...SELECTION_OPTIONS,
} as const;

export type RunOptions = OptionValues<typeof RUN_OPTIONS>;

const KEY_OF_OPTION = {
  json: 'json_output',
  'iso-time': 'time_format_iso_8601',
  'log-level': 'log_level',
  'no-stdout': 'stdout_output.enabled',
  'no-watch': 'watch_config_files',
  priority: 'priority',
  'ring-memory': 'engine.wasprey.ring_memory_mb',
  'rule-matching': 'rule_matching',
  watch: 'watch_config_files',
} as const satisfies { readonly [Name in keyof RunOptions]?: string };

/** Keys whose value these options give, whatever the configuration says. */
export function overriddenKeys(options: RunOptions): ReadonlySet<string> {
  return new Set(Object.entries(KEY_OF_OPTION).flatMap(([name, key]) => (Object.hasOwn(options, name) ? [key] : [])));
}

/**
 * -o KEY=VALUE, and -o FILE, its older meaning.
 * @throws {UsageError} for a second file
 */
export function splitOption({ option = [], output }: RunOptions): {
  readonly file: string | undefined;
  readonly settings: readonly ListValue[];
} {
  const files = option.filter(({ text }) => !text.includes('='));
  const [file] = files;
  if (files.length > (output === undefined ? 1 : 0)) {
    throw new UsageError(`-o ${file?.text} has no key`, 'write -o KEY=VALUE; alerts go to one file, --output FILE');
  }
  return { file: output ?? file?.text, settings: option.filter(({ text }) => text.includes('=')) };
}
