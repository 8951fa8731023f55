// What is wrong with an agent by its state, a line for each: for `wasprey status` and for the page.

import type { ModuleAbsence } from '../../agent/rules/module-absences.ts';
import { describeLoss } from '../../agent/watches/image-watch.ts';
import { escapeText } from '../../diagnostics/escape.ts';
import { count, number } from '../../diagnostics/numbers.ts';
import { iso8601, NANOSECONDS_PER_MS } from '../../fields/time.ts';
import type { AgentStatus } from './status.ts';

/** What is assumed of an agent whose version is too old to report it. */
const UNTOUCHED: AgentStatus['tampering'] = { present: [], total: 0 };
export const ALL_IMAGES: AgentStatus['images'] = { lost: 0, eventsWithout: 0 };
export const ALL_HOOKS: AgentStatus['hooks'] = { missing: [], needed: [], blindRules: [], isAllowed: false };

/** Empty: nothing is lost, and the rules in use are the wanted ones. Texts are escaped. */
export function troublesOf(status: AgentStatus): string[] {
  const {
    events,
    images = ALL_IMAGES,
    outputs,
    reloads,
    setAside,
    rulesLeftOut = [],
    tampering = UNTOUCHED,
    hooks = ALL_HOOKS,
    journal,
    other,
    podRequests,
  } = status;
  const { lastFailure, isRefused } = reloads;
  const lost = outputs.filter(({ counters }) => counters.dropped > 0);
  return [
    ...(hooks.blindRules.length > 0 && !hooks.isAllowed
      ? [`${blindRules(hooks.blindRules)}: the kernel lacks hooks`]
      : []),
    ...tampering.present.map((each) => `tampered with: ${each}`),
    ...(tampering.last
      ? [
          `the capture was tampered with (${count(tampering.total, 'finding')}), last at ${moment(tampering.last.timeMs)}: ${tampering.last.text}`,
        ]
      : []),
    ...(events.dropped > 0
      ? [`${count(events.dropped, 'event')} ${events.dropped === 1 ? 'was' : 'were'} dropped`]
      : []),
    ...(images.last ? [describeLoss(images.last)] : []),
    ...(other ? otherTroubles(other) : []),
    ...(other?.kept?.failure === undefined
      ? []
      : [`audit events can't be kept in ${escapeText(other.kept.folder)}: ${escapeText(other.kept.failure)}`]),
    ...(podRequests?.failure === undefined
      ? []
      : [`no requests to enter pods come from ${escapeText(podRequests.url)}: ${podRequests.failure}`]),
    ...(journal?.failure !== undefined ? [`the journal can't be written: ${escapeText(journal.failure)}`] : []),
    ...rulesLeftOut.map((error) => `a part of the rule files is invalid and left out: ${escapeText(error)}`),
    ...setAside.map(describeAbsence),
    ...lost.map(
      ({ name, counters }) =>
        `${count(counters.dropped, 'alert')} for ${name} ${counters.dropped === 1 ? 'was' : 'were'} lost`,
    ),
    ...(lastFailure && isRefused
      ? [`a change was refused at ${moment(lastFailure.time)}: ${escapeText(lastFailure.reason)}`]
      : []),
  ];
}

function otherTroubles({ source, dropped, matchesDropped, failures }: NonNullable<AgentStatus['other']>): string[] {
  const lost = dropped.reduce((sum, { count: times }) => sum + times, 0);
  return [
    ...failures.map(escapeText),
    ...(lost > 0 ? [`${count(lost, 'event')} of ${source} ${lost === 1 ? 'was' : 'were'} dropped`] : []),
    ...(matchesDropped > 0 ? [`${number(matchesDropped)} matches on ${source} were dropped`] : []),
  ];
}

function describeAbsence({ module, reason, from, again, to }: ModuleAbsence): string {
  const rules = `the rules of ${escapeText(module)}`;
  if (to !== undefined)
    return `${rules} were not evaluated from ${moment(from)} to ${moment(to)}: ${escapeText(reason)}`;
  const then = again === undefined ? '' : `; they are tried again at ${moment(again)}`;
  return `${rules} are not evaluated since ${moment(from)}: ${escapeText(reason)}${then}`;
}

export function blindRules({ length }: readonly string[]): string {
  return length === 1 ? "1 rule can't see all its events" : `${number(length)} rules can't see all their events`;
}

/** In UTC, to the second. */
export function moment(milliseconds: number): string {
  return iso8601(BigInt(Math.floor(milliseconds)) * NANOSECONDS_PER_MS).replace(/\.\d+/, '');
}
