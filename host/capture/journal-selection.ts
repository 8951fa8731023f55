// Selects the events that the addon keeps for the journal and for captures (native/src/journal/journal_selector.h).

import { EVENT_TYPE_COUNT, EVENT_TYPES } from '../schema/events/index.ts';
import { JOURNAL_KEEP, type JournalKeep } from '../schema/journal.ts';
import { OPEN_COMBINATIONS } from '../schema/kernel-filter.ts';

export interface JournalSelection {
  /** JOURNAL_KEEP of each event type, by its number. */
  readonly types: Uint8Array;
  /** 1 for each of OPEN_COMBINATIONS that is kept. */
  readonly opens: Uint8Array;
}

/** @param opens whether opens of that combination are kept */
export function journalSelection(
  kept: ReadonlyMap<string, JournalKeep>,
  opens: (combination: number) => boolean,
): JournalSelection {
  const types = new Uint8Array(EVENT_TYPE_COUNT);
  for (const { name, number } of EVENT_TYPES) types[number] = JOURNAL_KEEP[kept.get(name) ?? 'nothing'];
  return { types, opens: Uint8Array.from({ length: OPEN_COMBINATIONS }, (_, index) => (opens(index) ? 1 : 0)) };
}

/** The times, processes and containers of a stretch of kept events. */
export interface JournalExtent {
  readonly events: number;
  /** ns since the epoch; 0 without events. */
  readonly first: bigint;
  readonly last: bigint;
  /** Pids of the processes, in order. */
  readonly pids: Uint32Array;
  /** Full ids, `host` among them. */
  readonly containers: readonly string[];
}
