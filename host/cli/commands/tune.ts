// wasprey tune: proposes exceptions for a rule by what it fired on.

import type { RuleModule } from '../../agent/modules/rule-module.ts';
import { triedRules } from '../../agent/rules/tried-modules.ts';
import { loadRules, type RuleFile } from '../../compiler/rules/load.ts';
import { loadOptions } from '../../daemon/rules/load-rule-set.ts';
import { readRuleFiles } from '../../daemon/rules/rule-files.ts';
import { type RuleSelection, selectionOf } from '../../daemon/rules/rule-selection.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { escapeLines, escapeText } from '../../diagnostics/escape.ts';
import { CommandFailure, EXIT } from '../../diagnostics/failure.ts';
import { nearest } from '../../diagnostics/suggest.ts';
import { SILENT, type Terminal } from '../../diagnostics/terminal.ts';
import type { HistoryReport } from '../../journal/backtest/evaluate.ts';
import { lacksOf } from '../../journal/backtest/lacks.ts';
import { rulesOf } from '../../journal/backtest/tried-rules.ts';
import { exceptionYaml } from '../../journal/tuning/exception-yaml.ts';
import { type Findings, findProposals, type TunedHistory, tryProposals } from '../../journal/tuning/tune.ts';
import { tunedCalls } from '../../journal/tuning/tuned-calls.ts';
import { tunedAudit } from '../../rule-trials/tuned-audit.ts';
import { prepare } from '../../setup/prepare.mjs';
import { defineCommand } from '../definition/command.ts';
import { HISTORY_OPTIONS, historyWithAudit, journalFolder, RECORD_HELP } from '../options/history-options.ts';
import { compiledModule, runningRuleFiles } from '../options/load-tried-rules.ts';
import { ruleMatchingOf, TRIAL_OPTIONS, untilSignal } from '../options/trial-options.ts';
import { ProgressBar } from '../reports/progress-bar.ts';
import { renderTune, type ShownProposal, tuneJson } from '../reports/tune-report.ts';

export const TUNE = defineCommand({
  name: 'tune',
  usage: 'RULE [RULES...] [--since 7d]',
  operands: [{ values: 'anything' }, { values: 'path', repeats: true }],
  description: `
    Shows which events a rule matched in the journal of this machine, or in recordings, and proposes exceptions as YAML. Each
    is tried on the same events: the command prints how many alerts it holds back, and what still fires. An exception names a
    program and something besides, such as its parent, a file or a container image; on audit events of Kubernetes it names a
    user, and a namespace or an object. You have to decide whether what it holds back is harmless.

    RULE is the rule's name. RULES are the rule files that define it, with those that they need. Default: the rules that
    \`wasprey run\` uses with the configuration. Put an exception into a rule file that loads after them.`,
  status: {
    ok: 'The history was evaluated.',
    failure: "The history or the rules can't be used, or parts of the history are damaged.",
  },
  options: {
    ...HISTORY_OPTIONS,
    yaml: { kind: 'number', value: 'N', least: 1, description: 'Print only the YAML of the Nth proposal.' },
    ...TRIAL_OPTIONS,
  },
  examples: [
    {
      command: "wasprey tune 'Sensitive file read' --since 7d",
      effect: 'Proposes exceptions for the last seven days.',
    },
    {
      command: "wasprey tune 'Sensitive file read' --yaml 1 > /etc/wasprey/rules.d/zz-tuned.yaml",
      effect: 'Writes the first one into a rule file.',
    },
  ],
  async run({ options, operands }, terminal) {
    const [name, ...paths] = operands;
    if (name === undefined) throw new UsageError('missing rule', "wasprey tune 'NAME OF THE RULE'");
    if (options.json && options.yaml !== undefined) throw new UsageError('--json and --yaml exclude each other');
    const history = historyWithAudit(options, terminal, await journalFolder(options, terminal));
    await prepare('native');
    const files = readRuleFiles(paths.length > 0 ? paths : await runningRuleFiles(options));
    const given = selectionOf(options);
    const all = loadRules(files, loadOptions({ ...given, source: 'all' }));
    const known = all.rules.map((rule) => rule.name);
    if (all.successful && !known.includes(name)) throw noSuchRule(name, nearest(name, known));
    const isOnAudit = all.rules.find((rule) => rule.name === name)?.source === 'k8s_audit';
    const selection: RuleSelection = isOnAudit ? { ...given, source: 'k8s_audit' } : given;
    const module = await compiledModule(files, terminal, selection);
    if (!module.rules.some((rule) => rule.name === name)) throw noSuchRule(name, undefined);
    if ((isOnAudit ? history.audit : history.files).length === 0) {
      const events = isOnAudit ? 'audit events' : 'system calls';
      throw new CommandFailure(`the history has no ${events}, which this rule needs`, RECORD_HELP);
    }
    const tuned = { name, module, files, selection, listNames: all.lists.map((list) => list.name), terminal };
    const ruleMatching = ruleMatchingOf(options);
    const { since } = history;
    const signal = untilSignal();
    using bar = new ProgressBar();
    const onProgress = (share: number, events: number): void => bar.update(share, events);
    const { found, proposals } = isOnAudit
      ? await tune(tunedAudit(history.audit, { since, ruleMatching, signal }), (each) => ({ modules: [each] }), tuned)
      : await tune(
          tunedCalls(history.files, { ...(since !== undefined && { since }), signal, onProgress }),
          (each) => triedRules([each], ruleMatching),
          tuned,
        );
    bar[Symbol.dispose]();
    const [tried] = isOnAudit ? [] : rulesOf(triedRules([module], ruleMatching)).filter((rule) => rule.name === name);
    const lacks = tried ? lacksOf(tried, history.files) : [];
    const report = { rule: name, alerts: found.alerts, lacks, proposals };
    if (options.yaml !== undefined) {
      const yaml = proposals[options.yaml - 1]?.yaml;
      if (yaml === undefined) throw new CommandFailure(`there are only ${proposals.length} proposals`);
      terminal.print(yaml);
    } else
      terminal.print(
        options.json ? `${escapeLines(JSON.stringify(tuneJson(report)))}\n` : renderTune(report, terminal),
      );
    const { damage, isPartial } = found.report;
    for (const { path, reason } of damage) terminal.say(`wasprey: ${escapeText(`${path} is damaged: ${reason}`)}\n`);
    return damage.length === 0 && !isSetAside(found.report) && !isPartial ? EXIT.ok : EXIT.failure;
  },
});

function noSuchRule(name: string, near: string | undefined): CommandFailure {
  return new CommandFailure(
    `there is no rule '${name}', or it is not enabled`,
    near === undefined ? 'see `wasprey list rules`' : `did you mean '${near}'?`,
  );
}

/** What is known of the history that a rule is tuned by. */
type TuneReading = Pick<HistoryReport, 'damage' | 'isPartial'> & Partial<Pick<HistoryReport, 'setAside'>>;

function isSetAside({ setAside }: TuneReading): boolean {
  return setAside !== undefined && setAside.size > 0;
}

/** The rule, and the files and options that it is compiled with. */
interface TunedRule {
  readonly name: string;
  readonly module: RuleModule;
  readonly files: readonly RuleFile[];
  readonly selection: RuleSelection;
  readonly listNames: readonly string[];
  readonly terminal: Terminal;
}

/** @param taken what the history takes of a module */
async function tune<Rules, Report extends TuneReading>(
  history: TunedHistory<Rules, Report>,
  taken: (module: RuleModule) => Rules,
  { name, module, files, selection, listNames, terminal }: TunedRule,
): Promise<{ readonly found: Findings<TuneReading>; readonly proposals: readonly ShownProposal[] }> {
  const rules = taken(module);
  const found = await findProposals(history, rules, name, listNames);
  const candidates = [];
  for (const proposal of found.proposals) {
    const yaml = exceptionYaml(name, proposal);
    const changed = await moduleWith(yaml, files, selection);
    if (changed) candidates.push({ proposal, yaml, changed: taken(changed) });
    else terminal.say('wasprey: a proposal is left out: the rules are invalid with it\n');
  }
  const sets = candidates.map(({ changed }) => changed);
  const { tried } = sets.length === 0 ? { tried: [] } : await tryProposals(history, rules, sets, name);
  const proposals = candidates.flatMap(({ proposal, yaml }, index) => {
    const effect = tried[index];
    return effect ? [{ proposal, yaml, effect }] : [];
  });
  return { found, proposals };
}

/** Undefined if they are invalid with the exception: the others can still be proposed. */
async function moduleWith(
  yaml: string,
  files: readonly RuleFile[],
  selection: RuleSelection,
): Promise<RuleModule | undefined> {
  try {
    return await compiledModule([...files, { name: 'exceptions', text: yaml }], SILENT, selection);
  } catch (error) {
    if (error instanceof CommandFailure) return undefined;
    throw error;
  }
}
