// The state of an agent for people.

import { describeHooks, UNSEEN_BY_FEXIT } from '../../capture/hooks.ts';
import { describeMissingOperations, PROBES_MEMORY } from '../../capture/missing-features.ts';
import { describeMissingHook } from '../../capture/missing-hooks.ts';
import type { AgentStatus } from '../../daemon/control/status.ts';
import { ALL_HOOKS, ALL_IMAGES, blindRules, moment, troublesOf } from '../../daemon/control/troubles.ts';
import { escapeText } from '../../diagnostics/escape.ts';
import { columns } from '../../diagnostics/layout.ts';
import { count, MEGABYTE, number } from '../../diagnostics/numbers.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { agentRows, podRequestRows } from './pod-request-rows.ts';

export interface StatusReport {
  readonly text: string;
  /** Nothing is lost, and the rules in use are the wanted ones. */
  readonly isWell: boolean;
}

const MOST_RULES = 20;
export function renderStatus(status: AgentStatus, terminal: Terminal): StatusReport {
  const troubles = troublesOf(status);
  const { events, images = ALL_IMAGES, modules, outputs, containers } = status;
  const section = (title: string, rows: readonly (readonly string[])[]): string =>
    `${terminal.bold(title)}\n${columns(rows, Number.POSITIVE_INFINITY)}\n`;
  const rules = status.rules.toSorted((one, other) => other.alerts - one.alerts).slice(0, MOST_RULES);
  const parts = [
    `Wasprey ${status.version}, process ${status.pid}, since ${moment(status.startedMs)}\n`,
    troubles.length > 0 ? `${terminal.bold('Trouble')}\n${troubles.map((each) => `  ${each}\n`).join('')}` : '',
    section('Events', [
      ['produced', number(events.produced)],
      ['evaluated', number(events.evaluated)],
      ['filtered in the kernel', number(events.filtered)],
      ['dropped', number(events.dropped)],
      ['records of processes lost', number(images.lost)],
      ['evaluated without a process', number(images.eventsWithout)],
      ['waiting in the rings', number(status.eventsWaiting)],
      ['waiting for their container', number(status.eventsHeld)],
      ['age when evaluated', `${status.lagMs.toFixed(1)} ms on average`],
      ['fullest ring', `${Math.round(100 * status.ringHighWater)} %`],
    ]),
    otherSection(status, section),
    podRequestSection(status, section),
    section(
      `Modules, generation ${status.generation}`,
      modules.map(({ name, sha256, signedBy, rules, evaluationMs, inUseSince }) => [
        escapeText(name),
        count(rules, 'rule'),
        `${number(Math.round(evaluationMs))} ms of evaluation`,
        `since ${moment(inUseSince)}`,
        sha256,
        signers(signedBy),
      ]),
    ),
    section(`Rules, ${count(status.alerts, 'alert')}`, [
      ['alerts', 'cost', 'priority', 'rule'],
      ...rules.map(({ name, priority, alerts, estimatedMs }) => [
        number(alerts),
        `${number(Math.round(estimatedMs))} ms`,
        priority,
        escapeText(name),
      ]),
      ...(status.rules.length > MOST_RULES ? [['', '', '', `and ${status.rules.length - MOST_RULES} more`]] : []),
    ]),
    section('Outputs', [
      ['output', 'written', 'held back', 'lost', 'waiting', 'failed attempts'],
      ...outputs.map(({ name, counters }) =>
        [counters.written, counters.heldBack ?? 0, counters.dropped, counters.queued ?? 0, counters.errors]
          .map(number)
          .toSpliced(0, 0, name),
      ),
    ]),
    section('Containers', [
      ['known', number(containers.known)],
      ['unknown', number(containers.unknown)],
      ['pods found, since the start', number(containers.podsKnown)],
      ['pods not found in time', number(containers.podsUnknown)],
      ...containers.failures.map((failure) => [`${failure.source}: ${failure.kind}`, describeFailure(failure)]),
    ]),
    journalSection(status, section),
    captureSection(status, section),
    responseSection(status, section),
    enforcementSection(status, section),
    hooksSection(status, section),
    kernelSection(status, section),
  ];
  return { text: parts.filter((part) => part !== '').join('\n'), isWell: troubles.length === 0 };
}

/** An agent of an older version reports the number alone. */
function describeFailure({
  count: times,
  reason,
  lastMs,
  isLasting,
}: AgentStatus['containers']['failures'][number]): string {
  if (reason === undefined) return number(times);
  const state = isLasting ? 'it still fails' : 'it has answered since';
  return `${number(times)}, last at ${moment(lastMs)}: ${escapeText(reason)}; ${state}`;
}

/** Empty if there is no source beside the capture. */
function otherSection(
  { other }: AgentStatus,
  section: (title: string, rows: readonly (readonly string[])[]) => string,
): string {
  if (!other) return '';
  const { source, received, evaluated, duplicates, dropped, answers = [], file, kept, agents } = other;
  return section(`Events of ${source}`, [
    ['received', number(received)],
    ['evaluated', number(evaluated)],
    ['duplicates', number(duplicates)],
    ...dropped.map(({ reason, count: times }) => [`dropped: ${reason}`, number(times)]),
    ...answers.map(({ status, count: times }) => [`requests answered with ${status}`, number(times)]),
    ...(file
      ? [
          ['file', escapeText(file.path)],
          ['read', file.isOpen ? `${(file.bytes / MEGABYTE).toFixed(1)} MB` : 'it is not there'],
          ['rotated', number(file.rotations)],
          ['emptied', number(file.truncations)],
        ]
      : []),
    ...(kept
      ? [['kept', `${number(kept.events)} in ${escapeText(kept.folder)}, ${number(kept.leftOut)} left out`]]
      : []),
    ...(agents ? agentRows(agents) : []),
  ]);
}

/** Empty without a receiver. */
function podRequestSection(
  { podRequests }: AgentStatus,
  section: (title: string, rows: readonly (readonly string[])[]) => string,
): string {
  return podRequests ? section('Requests to enter pods', podRequestRows(podRequests)) : '';
}

/** Empty while the journal is off. */
function journalSection(
  { journal }: AgentStatus,
  section: (title: string, rows: readonly (readonly string[])[]) => string,
): string {
  if (!journal) return '';
  return section('Journal', [
    ['folder', escapeText(journal.folder)],
    ['files', number(journal.segments)],
    ['size', `${(journal.bytes / MEGABYTE).toFixed(1)} MB`],
    ['events, since the start', number(journal.events)],
    ['events not written', number(journal.leftOut)],
    ['files removed', number(journal.removed)],
  ]);
}

/** Empty while captures are off. */
function captureSection(
  { captures }: AgentStatus,
  section: (title: string, rows: readonly (readonly string[])[]) => string,
): string {
  if (!captures) return '';
  return section('Captures by rules', [
    ['under way', number(captures.active)],
    ['complete, since the start', number(captures.made)],
    ['failed', number(captures.failed)],
    ['refused because of a bound', number(captures.refused)],
  ]);
}

/** The means by which the kernel enforces rules, and what they can't stop; empty if it enforces none. */
function enforcementSection(
  { enforcement }: AgentStatus,
  section: (title: string, rows: readonly (readonly string[])[]) => string,
): string {
  if (!enforcement) return '';
  return section('Enforced in the kernel', [
    ...enforcement.rules.flatMap(({ rule, response, action, means }) =>
      means.map((line) => [escapeText(rule), action, escapeText(response), line]),
    ),
    ...enforcement.missing.map(({ program, detail }) => [program, 'missing', '', escapeText(detail)]),
  ]);
}

/** Empty while there are none. */
function responseSection(
  { responses }: AgentStatus,
  section: (title: string, rows: readonly (readonly string[])[]) => string,
): string {
  if (!responses) return '';
  const { mode, outcomes, inForce } = responses;
  return section('Responses', [
    ['mode', mode],
    ['configured', number(responses.responses)],
    ...outcomes.map(({ response, outcome, count: times }) => [`${escapeText(response)}: ${outcome}`, number(times)]),
    ...(inForce
      ? [
          ['in force (wasprey responses list)', number(inForce.entries.length)],
          ['undone, since the start', number(inForce.undone)],
          ['attempts to undo that failed', number(inForce.undoFailures)],
        ]
      : []),
  ]);
}

/** Empty for an agent that captures nothing. */
function hooksSection(
  { hooks: { calls } = ALL_HOOKS }: AgentStatus,
  section: (title: string, rows: readonly (readonly string[])[]) => string,
): string {
  if (!calls) return '';
  const unseen = calls === 'fexit' ? [['not seen', UNSEEN_BY_FEXIT]] : [];
  return section('Hooks', [['system calls', escapeText(describeHooks(calls))], ...unseen]);
}

/** What the kernel lacks; empty if nothing. */
function kernelSection(
  { hooks = ALL_HOOKS }: AgentStatus,
  section: (title: string, rows: readonly (readonly string[])[]) => string,
): string {
  const { missingIoUringOperations: operations = [] } = hooks;
  const rows = [
    ...hooks.missing.map((hook) => [hook.program, escapeText(describeMissingHook(hook))]),
    ...(operations.length > 0 ? [['io_uring', escapeText(describeMissingOperations(operations))]] : []),
    ...(hooks.hasDirectReads === false ? [['reads', PROBES_MEMORY]] : []),
    ...(hooks.isAllowed && hooks.blindRules.length > 0 ? [['accepted', blindRules(hooks.blindRules)]] : []),
  ];
  return rows.length === 0 ? '' : section('Not in this kernel', rows);
}

/** Nothing where signatures were not checked. */
function signers(ids: readonly string[] | undefined): string {
  if (ids === undefined) return '';
  return ids.length === 0 ? 'signed by no trusted key' : `signed by ${ids.join(', ')}`;
}
