// The check of a configuration's responses: what they are for among the rules that would run, and what they probably don't mean.

import { translateRules } from '../../compiler/compile.ts';
import { enforcementProblems } from '../../compiler/exactness.ts';
import { type CompiledRule, ruleSourceOf } from '../../compiler/rules/rule.ts';
import { readResponses } from '../../config/responses.ts';
import { durationText } from '../../config-values/duration.ts';
import { type CommandConfiguration, configurationOf } from '../../daemon/configuration.ts';
import { eventSources } from '../../daemon/event-sources.ts';
import { misplacedDiagnostics, unmetDiagnostics } from '../../daemon/responses.ts';
import { rulePlaces } from '../../daemon/rule-places.ts';
import { loadCompiledRules } from '../../daemon/rules/compile.ts';
import { loadRuleSet } from '../../daemon/rules/load-rule-set.ts';
import { moduleFiles, readRuleFiles } from '../../daemon/rules/rule-files.ts';
import { configuredSelection } from '../../daemon/rules/rule-selection.ts';
import { whyNotPinned } from '../../daemon/rules/why-not-pinned.ts';
import type { ListValue } from '../../diagnostics/arguments.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { renderDiagnostic, type ShownDiagnostic } from '../../diagnostics/diagnostic-text.ts';
import { CommandFailure, EXIT } from '../../diagnostics/failure.ts';
import { count } from '../../diagnostics/numbers.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { actsOn, type SourcedRule } from '../../responses/acted-sources.ts';
import { guardRules } from '../../responses/guard-rules.ts';
import { needsLsm } from '../../responses/lsm-need.ts';
import { rateText } from '../../responses/rate.ts';
import type { Response, ResponseSettings } from '../../responses/settings.ts';
import { EVENT_SOURCES } from '../../schema/event-source.ts';

/** Names of rules that are shown for a response. */
const RULES_SHOWN = 8;

export interface CheckRequest {
  readonly config?: string | undefined;
  readonly option?: readonly ListValue[] | undefined;
  /** Rule files instead of the configuration's. */
  readonly rules: readonly string[];
  readonly json: boolean;
  /** Warnings count as errors. */
  readonly strict: boolean;
}

/**
 * @returns the exit status
 * @throws {CommandFailure} for an invalid configuration, or invalid rules, whose errors are shown then
 */
export async function checkResponses(request: CheckRequest, terminal: Terminal): Promise<number> {
  const { config, option, json, strict } = request;
  const given = await configurationOf({ config, option, usual: true }, terminal);
  const origins = given.loaded?.origins ?? new Map();
  const { settings } = readResponses(given.configuration, origins);
  refuseTooLarge(settings.responses);
  const rules = rulesOf(given, request.rules, terminal);
  refuseMisplaced(misplacedDiagnostics(settings.responses, rules, origins), terminal);
  const errors = inexactParts(settings.responses, rules);
  for (const error of errors) terminal.say(`${renderDiagnostic(error, { color: terminal.color })}\n\n`);
  if (errors.length > 0)
    throw new CommandFailure(
      'the kernel can not decide these rules exactly, and responses are to act on them there',
      'change the rules, or let these responses act on the host (`where: host`)',
    );
  if (settings.pinned) refuseUnpinned(settings.responses, rules);
  const warnings = unmetDiagnostics(settings.responses, rules, origins);
  for (const warning of json ? [] : warnings)
    terminal.say(`${renderDiagnostic(warning, { color: terminal.color })}\n\n`);
  const responses = settings.responses.map((response) => ({
    response,
    rules: rules.filter((rule) => actsOn(response, rule)).map(({ name }) => name),
    isLsmNeeded: deniesByLsm(response, rules),
  }));
  if (json) {
    const texts = responses.map(({ response, rules: matched, isLsmNeeded }) => ({
      name: response.name,
      do: response.action,
      where: response.where,
      ...(isLsmNeeded && { needsLsm: true }),
      rules: matched,
    }));
    terminal.print(`${JSON.stringify({ mode: settings.mode, responses: texts, warnings })}\n`);
  } else {
    terminal.print(headText(settings, rules.length, warnings.length));
    for (const { response, rules: matched, isLsmNeeded } of responses)
      terminal.print(responseText(response, matched, isLsmNeeded, terminal));
  }
  return strict && warnings.length > 0 ? EXIT.failure : EXIT.ok;
}

/** The rules that would be evaluated, without compiling them. */
function rulesOf(given: CommandConfiguration, named: readonly string[], terminal: Terminal): readonly SourcedRule[] {
  const { modules, ruleFiles } = rulePlaces([], named, given);
  const sources = eventSources({}, given.configuration);
  const compiled = moduleFiles(modules).flatMap((path) => loadCompiledRules(path, sources).rules);
  if (compiled.length > 0 && ruleFiles.length === 0) return compiled;
  const own = configuredSelection(given.configuration, { selections: [] });
  const selection = sources.includes('k8s_audit') ? { ...own, source: 'all' as const } : own;
  return [...compiled, ...loadRuleSet(readRuleFiles(ruleFiles), terminal, false, selection).on];
}

/** Parts of rules that the kernel can't decide, of those that responses with where: kernel are for. */
function inexactParts(responses: readonly Response[], rules: readonly SourcedRule[]): readonly Diagnostic[] {
  const inKernel = responses.filter(({ where }) => where === 'kernel');
  return rules
    .filter((rule): rule is CompiledRule => 'placeOf' in rule && inKernel.some((response) => actsOn(response, rule)))
    .flatMap((rule) =>
      enforcementProblems(rule).flatMap((problem) => (problem.in === 'rule' ? [problem.diagnostic] : [])),
    );
}

/** What a node would refuse to load. */
function refuseUnpinned(responses: readonly Response[], rules: readonly SourcedRule[]): void {
  for (const response of responses) {
    const { name, action } = response;
    for (const rule of action === 'deny' ? rules : []) {
      const lack =
        actsOn(response, rule) && 'placeOf' in rule ? whyNotPinned(ruleSourceOf(rule as CompiledRule)) : undefined;
      if (lack === undefined) continue;
      throw new CommandFailure(
        `responses.pinned: response ${name}, rule '${rule.name}': ${lack}`,
        'leave responses.pinned out, or take the rule out of the response',
      );
    }
  }
}

/** Whether a response is to refuse what BPF LSM alone can refuse. */
function deniesByLsm(response: Response, rules: readonly SourcedRule[]): boolean {
  if (response.action !== 'deny') return false;
  return rules.some(
    (rule) => actsOn(response, rule) && 'placeOf' in rule && needsLsm(ruleSourceOf(rule as CompiledRule)),
  );
}

function refuseTooLarge(responses: readonly Response[]): void {
  for (const source of EVENT_SOURCES) {
    const rules = guardRules(responses, source);
    const error = translateRules(rules).diagnostics.find(({ severity }) => severity === 'error');
    if (!error) continue;
    throw new CommandFailure(`\`unless\` of response ${rules[error.rule]?.name} can't be compiled: ${error.message}`);
  }
}

/** Shows them. */
function refuseMisplaced(errors: readonly ShownDiagnostic[], terminal: Terminal): void {
  for (const error of errors) terminal.say(`${renderDiagnostic(error, { color: terminal.color })}\n\n`);
  if (errors.length === 0) return;
  const help = 'correct the errors above; a response that is for rules of several sources acts on those that it can';
  throw new CommandFailure("some responses can't act on the source of their rules", help);
}

function headText(
  { mode, perContainer, perNode, hosts, responses }: ResponseSettings,
  rules: number,
  warnings: number,
): string {
  const what = mode === 'observe' ? 'observe: nothing is done, alerts say what would be' : 'act';
  const limits = `${rateText(perContainer)} for a container, ${rateText(perNode)} for the node`;
  const verdict = warnings === 0 ? 'valid' : `valid, ${count(warnings, 'warning')}`;
  return `${count(responses.length, 'response')} for ${count(rules, 'rule')}: ${verdict}
mode ${what}; at most ${limits}; ${hosts ? 'processes of the host, too' : 'containers alone'}
`;
}

function responseText(response: Response, rules: readonly string[], isLsmNeeded: boolean, { bold }: Terminal): string {
  const { name, action, where, unless, undoAfterMs } = response;
  const undo = undoAfterMs === undefined ? '' : `, undone after ${durationText(undoAfterMs)}`;
  const more = rules.length > RULES_SHOWN ? `, and ${rules.length - RULES_SHOWN} more` : '';
  const lines = [
    `${bold(name)}: ${action}${where === 'kernel' ? ' in the kernel' : ''}${undo}`,
    `  for ${rules.length === 0 ? 'no rule' : `${count(rules.length, 'rule')}: ${rules.slice(0, RULES_SHOWN).join(', ')}${more}`}`,
    ...(isLsmNeeded
      ? [
          '  needs BPF LSM on the node: nothing else refuses opens and execs (`wasprey doctor` reports whether it is there)',
        ]
      : []),
    ...(unless === undefined ? [] : [`  unless ${unless.replaceAll(/\s+/g, ' ').trim()}`]),
  ];
  return `\n${lines.join('\n')}\n`;
}
