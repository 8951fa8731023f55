// The options of the journal, from the configuration.

import type { JournalOptions } from '../agent/journal/node-journal.ts';
import type { Configuration } from '../config/definition.ts';
import type { AuditStoreSettings } from '../journal/audit/audit-store.ts';
import { JOURNAL_KINDS } from '../journal/wants.ts';
import { DEFAULT_SOURCE, type EventSource } from '../schema/event-source.ts';

/** The share of the journal's bytes for audit events, if any are received: neither can take the room of the other. */
const AUDIT_SHARE = 1 / 4;

/** Undefined if the journal is off. @param sources of the agent */
export function journalOptions(
  { journal }: Configuration,
  sources: readonly EventSource[] = [DEFAULT_SOURCE],
): JournalOptions | undefined {
  const { enabled, folder, keep, max_size, events } = journal;
  if (!enabled) return undefined;
  const maxBytes = sources.includes('k8s_audit') ? max_size * (1 - AUDIT_SHARE) : max_size;
  return { folder, keep, maxBytes, kinds: JOURNAL_KINDS.filter((kind) => events.includes(kind)) };
}

/** The options of the journal of audit events; undefined if it is off. */
export function auditJournal(
  { journal }: Configuration,
  sources: readonly EventSource[],
): AuditStoreSettings | undefined {
  const { enabled, folder, keep, max_size } = journal;
  const share = sources.includes(DEFAULT_SOURCE) ? AUDIT_SHARE : 1;
  return enabled ? { folder, keep, maxBytes: max_size * share } : undefined;
}
