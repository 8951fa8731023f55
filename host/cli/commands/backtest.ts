// wasprey backtest: what rules would have done on what was recorded.

import type { RuleModule } from '../../agent/modules/rule-module.ts';
import { type CommandConfiguration, type ConfigRequest, configurationOf } from '../../daemon/configuration.ts';
import { loadResponses } from '../../daemon/responses.ts';
import { selectionOf } from '../../daemon/rules/rule-selection.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { escapeLines, escapeText } from '../../diagnostics/escape.ts';
import { CommandFailure, EXIT } from '../../diagnostics/failure.ts';
import { number } from '../../diagnostics/numbers.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import type { RuleMatching } from '../../engine/messages/protocol.ts';
import { NANOSECONDS_PER_MS } from '../../fields/time.ts';
import { type BacktestResult, backtest } from '../../journal/backtest/backtest.ts';
import { rulesOf } from '../../journal/backtest/tried-rules.ts';
import { SecretMask } from '../../journal/secrets/mask-secrets.ts';
import { type AuditBacktest, auditBacktest } from '../../rule-trials/audit-backtest.ts';
import { ResponseTrial } from '../../rule-trials/response-trial.ts';
import { prepare } from '../../setup/prepare.mjs';
import { defineCommand } from '../definition/command.ts';
import { type GivenHistory, HISTORY_OPTIONS, historyWithAudit, RECORD_HELP } from '../options/history-options.ts';
import {
  modulesIn,
  RUNNING,
  type RulesBySource,
  respondedRules,
  rulesBySource,
  runningModules,
} from '../options/load-tried-rules.ts';
import { ruleMatchingOf, TRIAL_OPTIONS, untilSignal } from '../options/trial-options.ts';
import { backtestJson, renderBacktest, type TimeSpan } from '../reports/backtest-report.ts';
import { ProgressBar } from '../reports/progress-bar.ts';
import { renderResponseTrial, responseTrialJson } from '../reports/response-trial-report.ts';

export const BACKTEST = defineCommand({
  name: 'backtest',
  usage: 'RULES... [--since 7d] [--against running|RULES] [--responses]',
  operands: [{ values: 'path', repeats: true }],
  description: `
    Evaluates rules on past events: the journal of this machine, or recordings; rules of \`source: k8s_audit\` on the audit
    events that are kept beside the journal. For each rule it prints what the history lacks for it, how often it would have
    fired, when first and last, in which pods and containers, by which programs or users, and examples. With --against, it
    prints which alerts are new and which are gone, compared with other rules. With --responses, it prints what the responses
    of the configuration would have done about the alerts, and why not; then RULES may be left out for the rules of the
    configuration. Secrets on command lines are masked in examples, also with --json: journal.secret_names has their names.

    The same events raise the same alerts as in \`wasprey run\`. No privilege is needed beyond reading the files.`,
  status: {
    ok: 'The history was evaluated, and no rule fired more often than --at-most.',
    failure:
      "A rule would have fired more often than --at-most on a day, or the history or the rules can't be used, or parts of the history are damaged.",
  },
  options: {
    ...HISTORY_OPTIONS,
    against: {
      kind: 'list',
      value: 'RULES',
      description: `Rules to compare with: files or folders, or the word ${RUNNING} for those that \`wasprey run\` uses with this configuration.`,
    },
    'at-most': {
      kind: 'number',
      value: 'ALERTS',
      least: 0,
      description: 'Fail if a rule would have fired more often than this on any day (UTC).',
    },
    responses: {
      kind: 'flag',
      description: 'Also print what the responses of the configuration would have done, with their limits.',
    },
    ...TRIAL_OPTIONS,
  },
  examples: [
    {
      command: 'wasprey backtest mine.yaml --since 7d',
      effect: 'Shows what the rules would have done in the last seven days.',
    },
    {
      command: 'wasprey backtest rules/ --against running',
      effect: 'Shows which alerts changed rules add and remove.',
    },
    {
      command: 'wasprey backtest --responses --since 7d',
      effect: 'Shows what the responses of this machine would have done.',
    },
    {
      command: 'wasprey backtest mine.yaml --on node.wsp --at-most 10 --json',
      effect: 'Fails in a pipeline if a rule is noisy on a recording.',
    },
  ],
  async run({ options, operands }, terminal) {
    if (operands.length === 0 && !options.responses)
      throw new UsageError('missing rules', 'name rule files or folders');
    const { config, option } = options;
    const configured = await configurationOf({ config, option, usual: true }, terminal);
    const { journal } = configured.configuration;
    const history = historyWithAudit(options, terminal, journal.folder);
    await prepare('native');
    const ruleMatching = ruleMatchingOf(options);
    const selection = selectionOf(options);
    const signal = untilSignal();
    const modules =
      operands.length > 0 ? modulesIn(operands, terminal, selection) : runningModules({ config, option }, terminal);
    const { trial, ...tried } = options.responses
      ? await triedResponses(await modules, ruleMatching, configured)
      : { ...rulesBySource(await modules, ruleMatching), trial: undefined };
    const against = options.against?.map(({ text }) => text) ?? [];
    const others = against.length > 0 ? await comparedModules(against, { config, option }, terminal) : undefined;
    const compared = others && rulesBySource(others, ruleMatching);
    const sets = [tried, ...(compared ? [compared] : [])];
    const isOnAudit = sets.some(({ onAudit }) => onAudit.modules.length > 0);
    const { files, since } = history;
    if (files.length === 0 && (rulesOf(tried.onCalls).length > 0 || !isOnAudit)) {
      throw new CommandFailure('the history has no system calls, which these rules need', RECORD_HELP);
    }
    using bar = new ProgressBar();
    const onCalls = await backtest(files, tried.onCalls, compared?.onCalls, {
      ...(since !== undefined && { since }),
      signal,
      ...(trial && { onMatch: (rule, match) => trial.take(rule, match) }),
      onProgress: (share, events) => bar.update(share, events),
    });
    bar[Symbol.dispose]();
    const audit = isOnAudit
      ? await auditBacktest(history.audit, tried.onAudit, compared?.onAudit, {
          ...{ since, ruleMatching, signal },
          ...(trial && { onAlert: (alert) => trial.takeRequest(alert) }),
        })
      : undefined;
    const result = audit ? withAudit(onCalls, audit) : onCalls;
    const paths = [...files.map(({ path }) => path), ...(audit ? history.audit : [])];
    const report = { result, paths, span: spanOf(history, audit), mask: new SecretMask(journal.secret_names) };
    if (options.json) {
      const json = { ...backtestJson(report), ...(trial && { responses: responseTrialJson(trial) }) };
      terminal.print(`${escapeLines(JSON.stringify(json))}\n`);
    } else {
      terminal.print(renderBacktest(report, terminal));
      if (trial) terminal.print(renderResponseTrial(trial, (text) => terminal.bold(text)));
    }
    return exitStatus(result, options['at-most'], terminal);
  },
});

/** The results of both sources as one. */
function withAudit({ report, rules, differences }: BacktestResult, audit: AuditBacktest): BacktestResult {
  return {
    report: {
      ...report,
      events: report.events + audit.events,
      lost: report.lost + audit.lost,
      damage: [...report.damage, ...audit.damage],
      isPartial: report.isPartial || audit.isPartial,
    },
    rules: [...rules, ...audit.rules],
    differences: differences && [...differences, ...(audit.differences ?? [])],
  };
}

/** The time that the history covers. */
function spanOf({ files, since = 0 }: GivenHistory, audit: AuditBacktest | undefined): TimeSpan {
  const begins = files.map(({ facts }) => Number(facts.started / NANOSECONDS_PER_MS));
  const [from, to] = [
    [...begins, audit?.span?.from ?? []].flat(),
    [...files.map((file) => file.to), audit?.span?.to ?? []].flat(),
  ];
  if (from.length === 0) return { from: since, to: Date.now() };
  return { from: Math.max(Math.min(...from), since), to: Math.max(...to) };
}

/** The rules with the responses of the configuration. */
async function triedResponses(
  modules: readonly RuleModule[],
  ruleMatching: RuleMatching,
  { configuration, loaded }: CommandConfiguration,
): Promise<RulesBySource & { readonly trial: ResponseTrial }> {
  const sources = modules.map(({ source }) => source);
  const responses = await loadResponses({ configuration, origins: loaded?.origins ?? new Map(), sources });
  if (responses.settings.responses.length === 0) {
    throw new CommandFailure('the configuration has no responses', 'name one that has some: -c FILE');
  }
  const { responsesOf, ...tried } = respondedRules(modules, ruleMatching, responses);
  return { ...tried, trial: new ResponseTrial(responses.settings, responsesOf) };
}

async function comparedModules(
  against: readonly string[],
  configuration: Omit<ConfigRequest, 'usual'>,
  terminal: Terminal,
): Promise<readonly RuleModule[]> {
  if (!against.includes(RUNNING)) return modulesIn(against, terminal);
  if (against.length > 1) throw new UsageError(`--against ${RUNNING} and --against RULES exclude each other`);
  return runningModules(configuration, terminal);
}

function exitStatus({ report, rules }: BacktestResult, atMost: number | undefined, terminal: Terminal): number {
  const noisy = rules.filter(({ figures }) => atMost !== undefined && figures.mostOnADay > atMost);
  for (const { rule, figures } of noisy) {
    const times = `${number(figures.mostOnADay)} times on a day; at most ${number(atMost)} are allowed`;
    terminal.say(`wasprey: ${escapeText(rule.name)} would have fired ${times}\n`);
  }
  const isWhole = report.damage.length === 0 && report.setAside.size === 0 && !report.isPartial;
  return noisy.length === 0 && isWhole ? EXIT.ok : EXIT.failure;
}
