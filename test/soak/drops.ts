// What the agent reports of lost events: nothing may be lost without that.

import { DROP_RULE } from '../../host/agent/watches/drop-watch.ts';
import { nanoseconds, type SoakAgent, type SoakAlert } from './agent.ts';
import type { Followed } from './marks.ts';
import type { Session } from './scenario.ts';

export function dropAlerts({ internal }: SoakAgent): SoakAlert[] {
  return internal.filter(({ rule }) => rule === DROP_RULE);
}

/** That all events are accounted for, by what the agent says at its end: before, some are always on their way. Ends it. */
export async function mustAddUp(session: Session, agent: SoakAgent): Promise<void> {
  await agent.stop();
  const [, produced] = /: ([\d,]+) events?, /.exec(agent.said) ?? [];
  const [, ...outcomes] =
    /([\d,]+) evaluated, ([\d,]+) filtered in the kernel, ([\d,]+) dropped/.exec(agent.said) ?? [];
  session.must(
    'produced = evaluated + filtered + dropped',
    produced !== undefined && numberOf(produced) === outcomes.map(numberOf).reduce((sum, number) => sum + number, 0),
    `${produced} = ${outcomes.join(' + ')}`,
  );
}

/** Of `1,234,567`. */
function numberOf(text: string): number {
  return Number(text.replaceAll(',', ''));
}

/** Most that the last call takes. */
const LAST_CALL_NS = 100_000_000n;

/** That each call has its alert, or lies in a time of which the agent has told that events were lost. */
export function mustBeTold(session: Session, followed: readonly Followed[], agent: SoakAgent): void {
  // The clock is read before the call, which is over when it is read for the next.
  const calls = followed.map(({ mark, alert }, index) => {
    return { alert, begin: mark.wall, end: followed[index + 1]?.mark.wall ?? mark.wall + LAST_CALL_NS };
  });
  const missing = calls.filter(({ alert }) => !alert);
  const told = dropAlerts(agent).map(windowOf);
  const unlisted = missing.filter(({ begin, end }) => !told.some(({ from, to }) => from <= end && begin <= to));
  const [first] = unlisted;
  const times = told.map(({ from, to }) => `${clock(from)} to ${clock(to)}`).join(', ');
  const lost = first
    ? `; not told: ${unlisted.map(({ begin }) => clock(begin)).join(', ')}; told: ${times || 'none'}`
    : '';
  session.must(
    'each marked call has its alert, or was reported to be in a time of lost events',
    unlisted.length === 0,
    `${followed.length - missing.length} alerts of ${followed.length} calls, ${missing.length - unlisted.length} told to be lost${lost}`,
  );
}

/** ns since the epoch; of an alert without times, no time at all. */
function windowOf({ output_fields: fields }: SoakAlert): { readonly from: bigint; readonly to: bigint } {
  const [from, to] = [fields['wasprey.from'], fields['wasprey.to']];
  if (typeof from !== 'string' || typeof to !== 'string') return { from: 1n, to: 0n };
  return { from: nanoseconds(from), to: nanoseconds(to) };
}

/** Of ns since the epoch, the time of day with milliseconds. */
function clock(time: bigint): string {
  return new Date(Number(time / 1_000_000n)).toISOString().slice(11, 23);
}
