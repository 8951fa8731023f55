// The options of the journal, from the configuration.

import type { JournalOptions } from '../agent/node-journal.ts';
import type { Configuration } from '../config/definition.ts';
import { JOURNAL_KINDS } from '../journal/wants.ts';

/** Undefined if it is off. */
export function journalOptions({ journal }: Configuration): JournalOptions | undefined {
  const { enabled, folder, keep, max_size: maxBytes, events } = journal;
  if (!enabled) return undefined;
  return { folder, keep, maxBytes, kinds: JOURNAL_KINDS.filter((kind) => events.includes(kind)) };
}
