// wasprey tune: proposes exceptions for a rule by what it fired on.

import { loadRules, type RuleFile } from '../../compiler/rules/load.ts';
import { readRuleFiles } from '../../daemon/rules/rule-files.ts';
import { selectionOf } from '../../daemon/rules/rule-selection.ts';
import { loadOptions } from '../../daemon/rules/rule-set.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { escapeLines, escapeText } from '../../diagnostics/escape.ts';
import { CommandFailure, EXIT } from '../../diagnostics/failure.ts';
import { nearest } from '../../diagnostics/suggest.ts';
import { SILENT } from '../../diagnostics/terminal.ts';
import { rulesOf, type TriedRules } from '../../journal/backtest/tried-rules.ts';
import { exceptionYaml } from '../../journal/tuning/exception-yaml.ts';
import { findProposals, tryProposals } from '../../journal/tuning/tune.ts';
import { prepare } from '../../setup/prepare.mjs';
import { defineCommand } from '../definition/command.ts';
import { givenHistory, HISTORY_OPTIONS, journalFolder } from '../options/history-options.ts';
import { compiledRules, runningRuleFiles } from '../options/load-tried-rules.ts';
import { ruleMatchingOf, TRIAL_OPTIONS, untilSignal } from '../options/trial-options.ts';
import { ProgressBar } from '../reports/progress-bar.ts';
import { renderTune, tuneJson } from '../reports/tune-report.ts';

export const TUNE = defineCommand({
  name: 'tune',
  usage: 'RULE [RULES...] [--since 7d]',
  operands: [{ values: 'anything' }, { values: 'path', repeats: true }],
  description: `
    Shows what a rule fired on in the journal of this machine, or in recordings, and proposes exceptions as YAML. Each has
    been tried on the same events: it prints how many alerts it holds back, and what still fires. An exception names a
    program and something besides, such as its parent, a file or a container image; whether what it holds back is harmless
    is for you to decide.

    RULE is the rule's name. RULES are the rule files that it is in, with those that they need; without any, the rules that
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
    const history = givenHistory(options, terminal, await journalFolder(options, terminal));
    await prepare('native');
    const files = readRuleFiles(paths.length > 0 ? paths : await runningRuleFiles(options));
    const selection = selectionOf(options);
    const settings = { ruleMatching: ruleMatchingOf(options), selection } as const;
    const rules = await compiledRules(files, terminal, settings);
    const listNames = loadRules(files, loadOptions(selection)).lists.map((list) => list.name);
    const known = rulesOf(rules).map((rule) => rule.name);
    if (!known.includes(name)) {
      const near = nearest(name, known);
      throw new CommandFailure(
        `there is no rule '${name}', or it is not enabled`,
        near === undefined ? 'see `wasprey list rules`' : `did you mean '${near}'?`,
      );
    }
    const signal = untilSignal();
    using bar = new ProgressBar();
    const reading = {
      ...(history.since !== undefined && { since: history.since }),
      signal,
      onProgress: (share: number, events: number) => bar.update(share, events),
    };
    const found = await findProposals(history.files, rules, name, listNames, reading);
    bar[Symbol.dispose]();
    const candidates = [];
    for (const proposal of found.proposals) {
      const yaml = exceptionYaml(name, proposal);
      const changed = await rulesWith(yaml, files, settings);
      if (changed) candidates.push({ proposal, yaml, changed });
      else terminal.say('wasprey: a proposal is left out: the rules are invalid with it\n');
    }
    const sets = candidates.map(({ changed }) => changed);
    const { tried } = sets.length === 0 ? { tried: [] } : await tryProposals(history.files, rules, sets, name, reading);
    bar[Symbol.dispose]();
    const proposals = candidates.flatMap(({ proposal, yaml }, index) => {
      const effect = tried[index];
      return effect ? [{ proposal, yaml, effect }] : [];
    });
    const report = { rule: name, alerts: found.alerts, proposals };
    if (options.yaml !== undefined) {
      const yaml = proposals[options.yaml - 1]?.yaml;
      if (yaml === undefined) throw new CommandFailure(`there are only ${proposals.length} proposals`);
      terminal.print(yaml);
    } else
      terminal.print(
        options.json ? `${escapeLines(JSON.stringify(tuneJson(report)))}\n` : renderTune(report, terminal),
      );
    const { damage, setAside, isPartial } = found.report;
    for (const { path, reason } of damage) terminal.say(`wasprey: ${escapeText(`${path} is damaged: ${reason}`)}\n`);
    return damage.length === 0 && setAside.size === 0 && !isPartial ? EXIT.ok : EXIT.failure;
  },
});

/** Undefined if they are invalid with the exception: the others can still be proposed. */
async function rulesWith(
  yaml: string,
  files: readonly RuleFile[],
  settings: Parameters<typeof compiledRules>[2],
): Promise<TriedRules | undefined> {
  try {
    return await compiledRules([...files, { name: 'exceptions', text: yaml }], SILENT, settings);
  } catch (error) {
    if (error instanceof CommandFailure) return undefined;
    throw error;
  }
}
