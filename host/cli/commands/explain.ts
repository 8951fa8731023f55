// wasprey explain: what a rule comes to once macros, lists and exceptions are in place, and what it costs.

import { formatCondition } from '../../compiler/conditions/format-condition.ts';
import { printCondition } from '../../compiler/conditions/print.ts';
import { type Exactness, shortened as shortenedCheck } from '../../compiler/exactness.ts';
import { type Explanation, explainRule, type ReadField } from '../../compiler/explain.ts';
import type { CompiledRule } from '../../compiler/rules/load.ts';
import { ruleSourceOf } from '../../compiler/rules/rule.ts';
import { readRuleFiles } from '../../daemon/rules/rule-files.ts';
import { ALL_SOURCES } from '../../daemon/rules/rule-selection.ts';
import { loadRuleSet } from '../../daemon/rules/rule-set.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { CommandFailure, EXIT } from '../../diagnostics/failure.ts';
import { wrap } from '../../diagnostics/layout.ts';
import { nearest } from '../../diagnostics/suggest.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { DEFAULT_SOURCE } from '../../schema/event-source.ts';
import { defineCommand } from '../definition/command.ts';
import { filterNeed } from '../reports/filter-need.ts';
import { pinLack } from '../responses/pin-lack.ts';

export const EXPLAIN = defineCommand({
  name: 'explain',
  usage: 'RULE [RULES...]',
  operands: [{ values: 'anything' }, { values: 'path', repeats: true }],
  description: `
    Shows a rule expanded: its condition with macros, lists and exceptions in place, the events it is evaluated on, the
    fields it reads, the part decided once per process, and an estimate of its cost. RULES are the files and folders
    that define it, as one set in the order given. Default: the rules that come with Wasprey.`,
  status: { ok: 'The rule is shown.', failure: 'The rule does not exist, or the rules have errors.' },
  options: {},
  examples: [
    { command: "wasprey explain 'Kernel module loaded'", effect: 'One of the rules that come with Wasprey.' },
    {
      command: "wasprey explain 'Shell in pod' base.yaml site/",
      effect: 'A rule defined by a file and a folder together.',
    },
  ],
  async run({ operands }, terminal) {
    const [name, ...paths] = operands;
    if (name === undefined) throw new UsageError('explain which rule?', 'see `wasprey list rules`');
    const { rules } = loadRuleSet(readRuleFiles(paths), terminal, false, ALL_SOURCES);
    const rule = rules.find((known) => known.name === name);
    if (!rule) throw unknownRule(name, rules);
    terminal.print(renderExplanation(rule, explainRule(rule), terminal));
    return EXIT.ok;
  },
});

function unknownRule(name: string, rules: readonly CompiledRule[]): CommandFailure {
  const names = rules.map((rule) => rule.name);
  const lower = name.toLowerCase();
  const near = names.find((known) => known.toLowerCase() === lower) ?? nearest(name, names);
  const hint = near === undefined ? 'see `wasprey list rules`' : `did you mean '${near}'?`;
  return new CommandFailure(`unknown rule '${name}'`, hint);
}

function renderExplanation(rule: CompiledRule, of: Explanation, terminal: Terminal): string {
  const width = terminal.width - 2;
  const section = (title: string, lines: readonly string[]): string =>
    `${terminal.bold(title)}\n${lines.map((line) => `  ${line}\n`).join('')}`;
  const text = (words: string): string[] => wrap(words, width).split('\n');
  const state = `${rule.priority}, ${rule.enabled ? 'enabled' : 'not enabled'}, ${rule.file}:${rule.line}`;
  return [
    `${terminal.bold(rule.name)}\n${[state, ...text(rule.description)].map((line) => `  ${line}\n`).join('')}`,
    section('Condition as written', rule.conditionText.trim().split('\n')),
    section('With macros, lists and exceptions expanded', formatCondition(rule.condition, width)),
    section('Events', events(of).flatMap(text)),
    section('Fields', [
      ...text(`condition: ${fields(of.conditionFields)}`),
      ...text(`output:    ${fields(of.outputFields)}`),
    ]),
    ...(of.sessionParts.length > 0
      ? [
          section(
            'Decided when it is known whose session it is',
            of.sessionParts.flatMap((check) => text(printCondition(check))),
          ),
        ]
      : []),
    ...(rule.source === DEFAULT_SOURCE ? kernelSections(rule, of, section, text, width) : []),
    section('Estimated cost', costs(of).flatMap(text)),
  ].join('\n');
}

/** What is decided before an event reaches the rules, which no other source has. */
function kernelSections(
  rule: CompiledRule,
  of: Explanation,
  section: (title: string, lines: readonly string[]) => string,
  text: (words: string) => string[],
  width: number,
): readonly string[] {
  const nothing =
    of.tried.length > 0
      ? 'Nothing: the rule is evaluated on its events of every process.'
      : 'Nothing: the rule is never evaluated.';
  return [
    section('Decided once per process', of.processPart ? formatCondition(of.processPart, width) : text(nothing)),
    section('In the kernel', [...inKernel(of), ...withoutAgent(rule, of)].flatMap(text)),
  ];
}

function events({ tried, never, notCaptured }: Explanation): string[] {
  const lines = [tried.length > 0 ? `evaluated on ${tried.join(', ')}` : 'evaluated on no event: it can never match'];
  if (never.length > 0) lines.push(`never true on ${shortened(never)}, which its event types allow`);
  if (notCaptured > 0)
    lines.push(
      `its condition also allows ${notCaptured} event ${notCaptured === 1 ? 'type that is' : 'types that are'} not captured`,
    );
  return lines;
}

const MANY = 12;

function shortened(names: readonly string[]): string {
  if (names.length <= MANY) return names.join(', ');
  return `${names.slice(0, MANY).join(', ')} and ${names.length - MANY} more`;
}

function fields(read: readonly ReadField[]): string {
  if (read.length === 0) return 'none';
  return read.map(({ name, captured }) => (captured ? name : `${name} (not captured: always absent)`)).join(', ');
}

function inKernel({ tried, filter, exactness, processPart }: Explanation): string[] {
  if (tried.length === 0) return ['This rule attaches no program.'];
  const needs = filter.flatMap((clause) => {
    const need = filterNeed(clause);
    return need === undefined ? [] : [`${shortened(clause.types)}: ${need}`];
  });
  return [
    `Attached for this rule: ${tried.join(', ')}.`,
    ...(filter.length > 0 && processPart
      ? ['Events of processes that it cannot match are dropped there, unless another rule needs them.']
      : []),
    ...(needs.length > 0
      ? ['Every match needs this; events without it are dropped there, unless another rule needs them:', ...needs]
      : ['The kernel can drop no further events for this rule.']),
    ...inKernelExactly(exactness),
  ];
}

/** Whether `deny` can be pinned. */
function withoutAgent(rule: CompiledRule, { exactness, tried }: Explanation): string[] {
  const canBe = exactness.isExact && tried.length > 0 && pinLack(ruleSourceOf(rule)) === undefined;
  return canBe ? ['Its calls can be refused without an agent, too (`responses.pinned`).'] : [];
}

function inKernelExactly({ isExact, parts, whole }: Exactness): string[] {
  if (isExact) return ['Exact in the kernel, as responses with `where: kernel` need it.'];
  return [
    'Not exact in the kernel, as responses with `where: kernel` need it:',
    ...parts.map(({ check, why }) => `${shortenedCheck(printCondition(check))}: ${why}`).slice(0, MANY),
    ...whole,
    ...(parts.length > MANY ? [`and ${parts.length - MANY} more`] : []),
  ];
}

function costs({ processPart, processCost, eventCosts }: Explanation): string[] {
  const of = processPart ? 'an event of a process that passed' : 'an event';
  const lines = eventCosts.map(({ types, nanoseconds }) => {
    const cost = nanoseconds === 0 ? 'nothing more to test' : `about ${Math.ceil(nanoseconds)} ns on average`;
    return `${cost} for ${of}: ${shortened(types)}`;
  });
  if (processPart)
    lines.unshift(`about ${Math.ceil(processCost)} ns once per process; where that is false, nothing per event`);
  return lines.length > 0 ? lines : ['none'];
}
