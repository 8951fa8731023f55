// Loads the rules that a command tries on the past.

import { ruleReads } from '../../agent/alerts/alert-desk.ts';
import type { RuleModule } from '../../agent/modules/rule-module.ts';
import { type ResponseSet, withResponses } from '../../agent/responses/response-set.ts';
import { triedRules } from '../../agent/rules/tried-modules.ts';
import type { SourceRules } from '../../agent/sources/other-source.ts';
import type { RuleFile } from '../../compiler/rules/load.ts';
import type { ConfigRequest } from '../../daemon/configuration.ts';
import { readRunRules } from '../../daemon/rule-source.ts';
import { compileRules, prepareRules } from '../../daemon/rules/compile.ts';
import { loadRuleSet } from '../../daemon/rules/load-rule-set.ts';
import { readRuleFiles } from '../../daemon/rules/rule-files.ts';
import { ALL_ENABLED, type RuleSelection } from '../../daemon/rules/rule-selection.ts';
import { type RunSettings, runSettings } from '../../daemon/settings.ts';
import { CommandFailure } from '../../diagnostics/failure.ts';
import { SILENT, type Terminal } from '../../diagnostics/terminal.ts';
import type { RuleMatching } from '../../engine/messages/protocol.ts';
import type { TriedRules } from '../../journal/backtest/tried-rules.ts';
import type { ResponsesOf } from '../../rule-trials/response-trial.ts';
import { DEFAULT_SOURCE, EVENT_SOURCES, type EventSource } from '../../schema/event-source.ts';

/** The word for the rules that an agent on this machine runs by its configuration. */
export const RUNNING = 'running';

/** Options of the command that name its configuration: the agent's. */
type ConfigOptions = Omit<ConfigRequest, 'usual'>;

/** Rules by the source of their events; of one of them there may be none. */
export interface RulesBySource {
  readonly onCalls: TriedRules;
  readonly onAudit: SourceRules;
}

/**
 * Modules of the rules of each source that has any.
 * @throws {CommandFailure} when the rules have errors, which are shown then
 */
export async function modulesIn(
  paths: readonly string[],
  terminal: Terminal,
  selection: RuleSelection = ALL_ENABLED,
): Promise<readonly RuleModule[]> {
  const sources = sourcesIn(readRuleFiles(paths), terminal, selection);
  return [
    ...(sources.includes(DEFAULT_SOURCE) ? [await prepareRules(paths, terminal, selection)] : []),
    ...(sources.includes('k8s_audit')
      ? [await prepareRules(paths, terminal, { ...selection, source: 'k8s_audit' })]
      : []),
  ];
}

/** Sources of the rules. Files without any are taken for rules on system calls, and refused as such. */
function sourcesIn(files: readonly RuleFile[], terminal: Terminal, selection: RuleSelection): readonly EventSource[] {
  // Most files have none on audit events, which takes no loader to see.
  if (!files.some(({ text }) => text.includes('k8s_audit'))) return [DEFAULT_SOURCE];
  const { active } = loadRuleSet(files, terminal, false, { ...selection, source: 'all' });
  const sources = EVENT_SOURCES.filter((source) => active.some((rule) => rule.source === source));
  return sources.length > 0 ? sources : [DEFAULT_SOURCE];
}

export function rulesBySource(modules: readonly RuleModule[], ruleMatching: RuleMatching): RulesBySource {
  const [calls, audit] = [ofSource(modules, DEFAULT_SOURCE), ofSource(modules, 'k8s_audit')];
  return { onCalls: triedRules(calls, ruleMatching), onAudit: { modules: audit } };
}

function ofSource(modules: readonly RuleModule[], source: EventSource): readonly RuleModule[] {
  return modules.filter((module) => module.source === source);
}

/** The rules, with the responses to their alerts. */
export function respondedRules(
  modules: readonly RuleModule[],
  ruleMatching: RuleMatching,
  responses: ResponseSet,
): RulesBySource & { readonly responsesOf: ResponsesOf } {
  const all = modules.map((module) => withResponses(module, responses));
  const bound = ofSource(all, DEFAULT_SOURCE);
  const { guard, auditGuard } = responses;
  const tried = triedRules(bound, ruleMatching);
  const pairs = tried.modules.flatMap(({ rules }, module) =>
    rules.map((rule, index) => [rule, bound[module]?.rules[index]?.responses ?? []] as const),
  );
  const guards = guard && { name: guard.name, verified: guard.verified, rules: guard.rules.map(ruleReads) };
  return {
    onCalls: { ...tried, ...(guards && { guard: guards }) },
    onAudit: { modules: ofSource(all, 'k8s_audit'), guard: auditGuard },
    responsesOf: new Map(pairs),
  };
}

/**
 * Modules of the rules that `wasprey run` would use now with these options: by the configuration, or the ones that come with Wasprey.
 * @throws {UsageError | CommandFailure}
 */
export async function runningModules(options: ConfigOptions, terminal: Terminal): Promise<readonly RuleModule[]> {
  const settings = await settingsOf(options);
  const { ruleFiles, selection, modules } = settings;
  // Only the agent's command line turns sources off: those without a rule are off here.
  const own = modules.length > 0 ? settings.sources : sourcesIn(readRuleFiles(ruleFiles), terminal, selection);
  const sources = settings.sources.filter((source) => own.includes(source));
  const warn = (message: string): void => terminal.say(`wasprey: ${message}\n`);
  return readRunRules({ ...settings, sources }).load({ terminal, warn, progress: true, inBackground: false });
}

/** @throws {CommandFailure} when the rules have errors, which are shown then */
export async function compiledModule(
  files: readonly RuleFile[],
  terminal: Terminal,
  selection: RuleSelection,
): Promise<RuleModule> {
  const warn = (message: string): void => terminal.say(`wasprey: ${message}\n`);
  const loading = { terminal, warn, progress: true, inBackground: false };
  return compileRules('rules', files, selection, loading);
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
