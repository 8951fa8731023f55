// What a run does, by its configuration and the options of the command line, which win.

import { existsSync } from 'node:fs';
import type { Configuration } from '../config/definition.ts';
import type { Origin } from '../config/error.ts';
import type { UnusedKey } from '../config/read.ts';
import { type OptionValues, UsageError } from '../diagnostics/arguments.ts';
import { LOG_LEVELS, type LogLevel } from '../diagnostics/log.ts';
import type { Terminal } from '../diagnostics/terminal.ts';
import type { RuleMatching } from '../engine/protocol.ts';
import { SIGNATURE_MODES, type SignaturePolicy } from '../signature/policy.ts';
import { CONFIG_OPTIONS, type CommandConfiguration, configurationOf } from './configuration.ts';
import { followedPlaces, holdsModule } from './follow-rules.ts';
import { readTrustedKeys } from './key-files.ts';
import { presentRuleFiles } from './rule-files.ts';
import {
  configuredSelection,
  type RuleSelection,
  SELECTION_OPTIONS,
  selectionOf,
  selectsAll,
} from './rule-selection.ts';

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
  json: { kind: 'flag', short: 'j', description: 'Alerts as JSON objects, one a line.' },
  output: {
    kind: 'text',
    value: 'FILE',
    description: 'Append the alerts to a file as well; -o FILE does the same, if it has no = in it.',
  },
  'no-stdout': { kind: 'flag', description: 'No alerts on standard output.' },
  'rule-matching': {
    kind: 'text',
    value: 'HOW',
    choices: ['first', 'all'],
    description: 'Whether an event raises the alert of the first matching rule, or of all. Default: first.',
  },
  'iso-time': { kind: 'flag', description: 'Times in ISO 8601, UTC.' },
  'ring-memory': {
    kind: 'number',
    value: 'MB',
    least: 1,
    description: 'Memory of the ring buffers for events, for all CPUs together. Default: 16.',
  },
  'no-kernel-filter': {
    kind: 'flag',
    description: 'Evaluate every event, including those that no rule can match. For diagnosis.',
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

export interface RunSettings {
  readonly configuration: Configuration;
  /** The files that it was read from. */
  readonly configFiles: readonly string[];
  /** Where its values stand; those of options that stand for a key do so instead of the file. */
  readonly origins: ReadonlyMap<string, Origin>;
  readonly overridden: ReadonlySet<string>;
  /** Keys of it that have no effect. */
  readonly unused: readonly UnusedKey[];
  readonly logLevel: LogLevel;
  /** Compiled modules, and folders of such. They come before rule files. */
  readonly modules: readonly string[];
  readonly signatures: SignaturePolicy;
  /** Rule files and folders; none: the rules that come with Wasprey, if there are no modules. */
  readonly ruleFiles: readonly string[];
  /** Whether changes of any of these are brought into use, and where they would be seen: files and folders, there or not. */
  readonly watch: boolean;
  readonly watched: readonly string[];
  readonly selection: RuleSelection;
  readonly json: boolean;
  readonly isoTime: boolean;
  readonly stdout: boolean;
  /** A file for alerts, besides the configuration's. */
  readonly file: string | undefined;
  readonly ruleMatching: RuleMatching;
  readonly ringMegabytes: number;
  /** Whether the kernel drops what no rule can match. */
  readonly kernelFilter: boolean;
  /** Seconds. */
  readonly duration: number | undefined;
}

/** @throws {UsageError | CommandFailure} */
export async function runSettings(
  options: RunOptions,
  operands: readonly string[],
  terminal: Terminal,
): Promise<RunSettings> {
  const { 'rule-matching': ruleMatching } = options;
  const named = (options.module ?? []).map(({ text }) => text);
  const own = selectionOf(options);
  if (named.length > 0 && operands.length === 0 && !selectsAll(own)) {
    throw new UsageError('the rules of a module are those it was compiled with', 'select them with `wasprey compile`');
  }
  const { file, settings } = splitOption(options);
  const usual = named.length === 0 && operands.length === 0;
  const given = await configurationOf({ config: options.config, option: settings, usual }, terminal);
  const { configuration, loaded } = given;
  const configured = usual ? configuredRules(given) : undefined;
  const followed = usual ? followedPlaces(configuration) : [];
  const modules = [...(usual ? configuration.modules : named), ...followed.filter(holdsModule)];
  // None, as long as there are rules from elsewhere.
  const alone = modules.length === 0 && configuration.follow.length === 0;
  const files = configured?.length === 0 && !alone ? [] : configured && presentRuleFiles(configured);
  const followedRules = followed.filter((place) => existsSync(place) && !holdsModule(place));
  const stdout = options['no-stdout'] !== true && configuration.stdout_output.enabled;
  if (!stdout && file === undefined && !sendsElsewhere(configuration)) {
    throw new UsageError('all outputs are off', 'add --output FILE, or turn an output on');
  }
  return {
    configuration,
    configFiles: loaded?.files ?? [],
    origins: loaded?.origins ?? new Map(),
    overridden: overriddenKeys(options),
    unused: loaded?.unused ?? [],
    logLevel: logLevel(options['log-level'] ?? configuration.log_level),
    modules,
    signatures: signaturePolicy(options, configuration),
    ruleFiles: [...(files ?? operands), ...followedRules],
    watch:
      options['no-watch'] !== true && (options.watch ?? (loaded !== undefined && configuration.watch_config_files)),
    watched: [
      ...modules,
      ...followed,
      ...(configured ?? operands),
      ...(loaded?.files ?? []),
      ...trustedKeyFiles(options, configuration),
      // Also folders, in which files come and go, and what is not there yet.
      ...configuration.config_files.map(({ path = '' }) => path),
    ],
    selection: configuredSelection(configuration, own),
    json: options.json ?? configuration.json_output,
    isoTime: options['iso-time'] ?? configuration.time_format_iso_8601,
    stdout,
    file,
    // The option's choices are just these.
    ruleMatching: ruleMatching === undefined ? configuration.rule_matching : ruleMatching === 'all' ? 'all' : 'first',
    ringMegabytes: options['ring-memory'] ?? configuration.engine.wasprey.ring_memory_mb,
    kernelFilter: options['no-kernel-filter'] !== true,
    duration: options.duration,
  };
}

/** Keys whose value an option of the command line gives, whatever the configuration says. */
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

function overriddenKeys(options: RunOptions): ReadonlySet<string> {
  return new Set(Object.entries(KEY_OF_OPTION).flatMap(([name, key]) => (Object.hasOwn(options, name) ? [key] : [])));
}

/** The option's and the key's choices are just these, and one more name of info. */
function logLevel(name: string): LogLevel {
  return LOG_LEVELS.find((level) => level === name) ?? 'info';
}

/** -o KEY=VALUE, and -o FILE, as it was before there were keys. */
function splitOption({ option = [], output }: RunOptions) {
  const files = option.filter(({ text }) => !text.includes('='));
  const [file] = files;
  if (files.length > (output === undefined ? 1 : 0)) {
    throw new UsageError(`-o ${file?.text} has no key`, 'write -o KEY=VALUE; alerts go to one file, --output FILE');
  }
  return { file: output ?? file?.text, settings: option.filter(({ text }) => text.includes('=')) };
}

function sendsElsewhere(configuration: Configuration): boolean {
  const { syslog_output, file_output, program_output } = configuration;
  const { http_output, alertmanager_output, otlp_output } = configuration;
  const outputs = [syslog_output, file_output, program_output, http_output, alertmanager_output, otlp_output];
  return outputs.some(({ enabled }) => enabled);
}

/** Files and folders that the configuration names, there or not; undefined if it says nothing of them. */
function configuredRules({ configuration, loaded }: CommandConfiguration): readonly string[] | undefined {
  const { rules_file, rules_files } = configuration;
  const isSet = loaded?.origins.has('rules_file') || loaded?.origins.has('rules_files');
  return isSet ? [...rules_file, ...rules_files] : undefined;
}

function trustedKeyFiles(options: RunOptions, { module_signatures }: Configuration): readonly string[] {
  return options['trusted-key']?.map(({ text }) => text) ?? module_signatures.trusted_keys;
}

/** @throws {UsageError | CommandFailure} */
function signaturePolicy(options: RunOptions, configuration: Configuration): SignaturePolicy {
  const keys = readTrustedKeys(trustedKeyFiles(options, configuration));
  const asked = SIGNATURE_MODES.find((known) => known === options.signature);
  const mode = asked ?? (options['trusted-key'] ? 'required' : configuration.module_signatures.policy);
  if (mode !== 'off' && keys.length === 0) {
    throw new UsageError(
      'signatures are required, but no key is trusted',
      'add --trusted-key FILE, or module_signatures.trusted_keys',
    );
  }
  return { mode, keys };
}
