// Counts of events while the worker can't send them: it is busy, stuck or gone.

import { loadAddon } from '../../capture/addon.ts';
import { eventTotals } from '../counts/event-totals.ts';
import type { EngineCounters } from '../messages/protocol.ts';

/** The worker's last totals, with the counts of events of now. @param capture its handle */
export function liveCounters(last: EngineCounters, capture: number): EngineCounters {
  const counts = loadAddon().eventCounts(capture);
  if (!counts) return last;
  const now = Date.now();
  return { ...last, time: now, until: now + 1, capture: { ...last.capture, ...counts } };
}

/** Counters of the worker at its end: what it has not read is lost. */
export function lastCounters(last: EngineCounters, capture: number): EngineCounters {
  const counters = liveCounters(last, capture);
  return { ...counters, capture: { ...counters.capture, unread: eventTotals(counters.capture).waiting } };
}
