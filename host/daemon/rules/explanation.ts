// The explanation of a rule as titled lines: the rule with macros, lists and exceptions expanded, and its cost.

import type { Check } from '../../compiler/conditions/ast.ts';
import { formatCondition } from '../../compiler/conditions/format-condition.ts';
import { printCondition } from '../../compiler/conditions/print.ts';
import { type Exactness, shortened as shortenedCheck } from '../../compiler/exactness.ts';
import type { Explanation, ReadField } from '../../compiler/explain.ts';
import type { CompiledRule } from '../../compiler/rules/load.ts';
import { ruleSourceOf } from '../../compiler/rules/rule.ts';
import { wrap } from '../../diagnostics/layout.ts';
import { DEFAULT_SOURCE } from '../../schema/event-source.ts';
import { filterNeed } from './filter-need.ts';
import { whyNotPinned } from './why-not-pinned.ts';

export interface ExplanationPart {
  readonly title: string;
  readonly lines: readonly string[];
}

/** The first has the rule's name. @param width of a line */
export function explanationParts(rule: CompiledRule, of: Explanation, width: number): readonly ExplanationPart[] {
  const text = (words: string): string[] => wrap(words, width).split('\n');
  const state = `${rule.priority}, ${rule.enabled ? 'enabled' : 'not enabled'}, ${rule.file}:${rule.line}`;
  return [
    { title: rule.name, lines: [state, ...text(rule.description)] },
    { title: 'Condition as written', lines: rule.conditionText.trim().split('\n') },
    { title: 'With macros, lists and exceptions expanded', lines: formatCondition(rule.condition, width) },
    { title: 'Events', lines: events(of).flatMap(text) },
    {
      title: 'Fields',
      lines: [...text(`condition: ${fields(of.conditionFields)}`), ...text(`output:    ${fields(of.outputFields)}`)],
    },
    ...sessionPart('Decided by the session that the process is in, when the rest holds', of.entryParts, text),
    ...sessionPart('Decided when it is known whose session it is', of.sessionParts, text),
    ...(rule.source === DEFAULT_SOURCE ? kernelParts(rule, of, text, width) : []),
    { title: 'Estimated cost', lines: costs(of).flatMap(text) },
  ];
}

function sessionPart(
  title: string,
  checks: readonly Check[],
  text: (words: string) => string[],
): readonly ExplanationPart[] {
  return checks.length > 0 ? [{ title, lines: checks.flatMap((check) => text(printCondition(check))) }] : [];
}

/** What is decided before an event reaches the rules, which no other source has. */
function kernelParts(
  rule: CompiledRule,
  of: Explanation,
  text: (words: string) => string[],
  width: number,
): readonly ExplanationPart[] {
  const nothing =
    of.tried.length > 0
      ? 'Nothing: the rule is evaluated on its events of every process.'
      : 'Nothing: the rule is never evaluated.';
  return [
    {
      title: 'Decided once per process',
      lines: of.processPart ? formatCondition(of.processPart, width) : text(nothing),
    },
    { title: 'In the kernel', lines: [...inKernel(of), ...withoutAgent(rule, of)].flatMap(text) },
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
  const canBe = exactness.isExact && tried.length > 0 && whyNotPinned(ruleSourceOf(rule)) === undefined;
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
