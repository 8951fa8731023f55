// The settings of a run, from its configuration and the command line, whose options take precedence.

import type { Configuration } from '../config/definition.ts';
import type { Origin } from '../config/error.ts';
import type { UnusedKey } from '../config/read.ts';
import { UsageError } from '../diagnostics/arguments.ts';
import { LOG_LEVELS, type LogLevel } from '../diagnostics/log.ts';
import type { Terminal } from '../diagnostics/terminal.ts';
import type { RuleMatching } from '../engine/messages/protocol.ts';
import type { EventSource } from '../schema/event-source.ts';
import type { SignaturePolicy } from '../signature/policy.ts';
import { configurationOf } from './configuration.ts';
import { eventSources } from './event-sources.ts';
import { hasOutputs } from './make-outputs.ts';
import { type RulePlaces, rulePlaces } from './rule-places.ts';
import { configuredSelection, type RuleSelection, selectionOf, selectsAll } from './rules/rule-selection.ts';
import { overriddenKeys, type RunOptions, splitOption } from './run-options.ts';
import { signaturePolicy, trustedKeyFiles } from './trusted-signatures.ts';

export interface RunSettings extends RulePlaces {
  readonly configuration: Configuration;
  /** The files that it was read from. */
  readonly configFiles: readonly string[];
  /** Where its values come from: the file, or an option that sets the key. */
  readonly origins: ReadonlyMap<string, Origin>;
  readonly overridden: ReadonlySet<string>;
  /** Keys of the configuration that have no effect. */
  readonly unused: readonly UnusedKey[];
  readonly logLevel: LogLevel;
  /** Sources of events, at least one. */
  readonly sources: readonly EventSource[];
  readonly signatures: SignaturePolicy;
  /** Whether changes of rules, keys and configuration files in the watched places are applied. */
  readonly watch: boolean;
  readonly selection: RuleSelection;
  readonly json: boolean;
  readonly isoTime: boolean;
  readonly stdout: boolean;
  /** A file for alerts, besides the configuration's. */
  readonly file: string | undefined;
  readonly ruleMatching: RuleMatching;
  readonly ringMegabytes: number;
  /** Whether the kernel drops events that no rule can match. */
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
  const modules = (options.module ?? []).map(({ text }) => text);
  const selection = selectionOf(options);
  if (modules.length > 0 && operands.length === 0 && !selectsAll(selection)) {
    throw new UsageError("a module's rules were selected when it was compiled", 'select them with `wasprey compile`');
  }
  const { file, settings } = splitOption(options);
  const usual = modules.length === 0 && operands.length === 0;
  const given = await configurationOf({ config: options.config, option: settings, usual }, terminal);
  const { configuration, loaded } = given;
  const rules = rulePlaces(modules, operands, given);
  const stdout = options['no-stdout'] !== true && configuration.stdout_output.enabled;
  if (!stdout && file === undefined && !hasOutputs(configuration)) {
    throw new UsageError('all outputs are off', 'add --output FILE, or turn an output on');
  }
  return {
    configuration,
    configFiles: loaded?.files ?? [],
    origins: loaded?.origins ?? new Map(),
    overridden: overriddenKeys(options),
    unused: loaded?.unused ?? [],
    logLevel: logLevel(options['log-level'] ?? configuration.log_level),
    ...rules,
    sources: eventSources(options, configuration),
    signatures: signaturePolicy(options, configuration),
    watch:
      options['no-watch'] !== true && (options.watch ?? (loaded !== undefined && configuration.watch_config_files)),
    watched: [
      ...rules.watched,
      ...(loaded?.files ?? []),
      ...trustedKeyFiles(options, configuration),
      // Also folders, in which files come and go, and missing paths.
      ...configuration.config_files.map(({ path = '' }) => path),
    ],
    selection: configuredSelection(configuration, selection),
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

/** The option's and the key's choices are just these, and one more name of info. */
function logLevel(name: string): LogLevel {
  return LOG_LEVELS.find((level) => level === name) ?? 'info';
}
