// Loads the rules that a command tries on the past.

import { ruleReads } from '../../agent/alert-desk.ts';
import { type ResponseSet, withResponses } from '../../agent/response-set.ts';
import type { RuleModule } from '../../agent/rule-module.ts';
import { triedRules } from '../../agent/tried-rules.ts';
import type { RuleFile } from '../../compiler/rules/load.ts';
import type { ConfigRequest } from '../../daemon/configuration.ts';
import { readRunRules } from '../../daemon/rule-source.ts';
import { compileRules, prepareRules } from '../../daemon/rules/compile.ts';
import { readRuleFiles } from '../../daemon/rules/rule-files.ts';
import type { RuleSelection } from '../../daemon/rules/rule-selection.ts';
import { loadRuleSet } from '../../daemon/rules/rule-set.ts';
import { type RunSettings, runSettings } from '../../daemon/settings.ts';
import { CommandFailure } from '../../diagnostics/failure.ts';
import { SILENT, type Terminal } from '../../diagnostics/terminal.ts';
import type { RuleMatching } from '../../engine/protocol.ts';
import type { TriedRule, TriedRules } from '../../journal/backtest/tried-rules.ts';
import type { BoundResponse } from '../../responses/bound-response.ts';
import { DEFAULT_SOURCE } from '../../schema/event-source.ts';

/** The word for the rules that an agent on this machine runs by its configuration. */
export const RUNNING = 'running';

/** Options of the command that name its configuration: the agent's. */
type ConfigOptions = Omit<ConfigRequest, 'usual'>;

/** @throws {CommandFailure} when the rules have errors, which are shown then */
export async function rulesIn(
  paths: readonly string[],
  ruleMatching: RuleMatching,
  terminal: Terminal,
  selection?: RuleSelection,
): Promise<TriedRules> {
  return triedRules([await prepareRules(paths, terminal, selection)], ruleMatching);
}

/**
 * Those of both sources, as far as there are any.
 * @throws {CommandFailure} when the rules have errors, which are shown then
 */
export async function rulesOfSources(
  paths: readonly string[],
  ruleMatching: RuleMatching,
  terminal: Terminal,
  selection: RuleSelection,
): Promise<{ readonly tried: TriedRules; readonly onAudit: RuleModule | undefined }> {
  const files = readRuleFiles(paths);
  // Most files have none on audit events, which takes no loader to see.
  const sources = files.some(({ text }) => text.includes('k8s_audit'))
    ? new Set(loadRuleSet(files, terminal, false, { ...selection, source: 'all' }).active.map(({ source }) => source))
    : new Set([DEFAULT_SOURCE]);
  const isOnAudit = sources.has('k8s_audit');
  const onAudit = isOnAudit ? await prepareRules(paths, terminal, { ...selection, source: 'k8s_audit' }) : undefined;
  const isOnCalls = !isOnAudit || sources.has(DEFAULT_SOURCE);
  const tried = isOnCalls ? await rulesIn(paths, ruleMatching, terminal, selection) : triedRules([], ruleMatching);
  return { tried, onAudit };
}

/** Modules with what is done about their alerts. */
export function respondedRules(
  modules: readonly RuleModule[],
  ruleMatching: RuleMatching,
  responses: ResponseSet,
): TriedRules & { readonly responsesOf: ResponsesOf } {
  const bound = modules.map((module) => withResponses(module, responses));
  const { guard } = responses;
  const tried = triedRules(bound, ruleMatching);
  const pairs = tried.modules.flatMap(({ rules }, module) =>
    rules.map((rule, index) => [rule, bound[module]?.rules[index]?.responses ?? []] as const),
  );
  return {
    ...tried,
    ...(guard && { guard: { name: guard.name, verified: guard.verified, rules: guard.rules.map(ruleReads) } }),
    responsesOf: new Map(pairs),
  };
}

export type ResponsesOf = ReadonlyMap<TriedRule, readonly BoundResponse[]>;

/**
 * Those that `wasprey run` would use now with these options: by the configuration, or the ones that come with Wasprey.
 * @throws {UsageError | CommandFailure}
 */
export async function runningRules(options: ConfigOptions, terminal: Terminal): Promise<TriedRules> {
  const { modules, ruleMatching } = await runningModules(options, terminal);
  return triedRules(modules, ruleMatching);
}

/** The same as modules. */
export async function runningModules(
  options: ConfigOptions,
  terminal: Terminal,
): Promise<{ readonly modules: readonly RuleModule[]; readonly ruleMatching: RuleMatching }> {
  const settings = await settingsOf(options);
  const warn = (message: string): void => terminal.say(`wasprey: ${message}\n`);
  const modules = await readRunRules({ ...settings, sources: [DEFAULT_SOURCE] }).load({
    terminal,
    warn,
    progress: true,
    inBackground: false,
  });
  return { modules, ruleMatching: settings.ruleMatching };
}

/** @throws {CommandFailure} when the rules have errors, which are shown then */
export async function compiledRules(
  files: readonly RuleFile[],
  terminal: Terminal,
  { ruleMatching, selection }: { readonly ruleMatching: RuleMatching; readonly selection: RuleSelection },
): Promise<TriedRules> {
  const warn = (message: string): void => terminal.say(`wasprey: ${message}\n`);
  const loading = { terminal, warn, progress: true, inBackground: false };
  return triedRules([await compileRules('rules', files, selection, loading)], ruleMatching);
}

/** The paths of the rule files that `wasprey run` would use now with these options; none: the rules that come with Wasprey. */
export async function runningRuleFiles(options: ConfigOptions): Promise<readonly string[]> {
  const { modules, ruleFiles } = await settingsOf(options);
  if (modules.length > 0 && ruleFiles.length === 0) {
    throw new CommandFailure('this machine runs a compiled module', 'name the rule files that it was compiled from');
  }
  return ruleFiles;
}

function settingsOf({ config, option }: ConfigOptions): Promise<RunSettings> {
  return runSettings({ ...(config !== undefined && { config }), ...(option && { option }) }, [], SILENT);
}
