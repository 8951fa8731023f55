// What responses have in force on the container or the pod of an alert, by whichever alert it was done: a container that is paused is paused for all.

import type { LedgerEntry } from '../../../responses/ledger-entry.ts';
import type { ShownEntry } from './messages.ts';

/** Digits of a container's id in `container.id`. */
const SHORT_ID = 12;

/** Of an alert. Absent: the alert does not say. */
export interface AlertPlace {
  /** `container.id`; `host` outside of containers. */
  readonly container?: string | undefined;
  /** `namespace/name` */
  readonly pod?: string | undefined;
}

export function shownInForce(entries: readonly LedgerEntry[], place: AlertPlace): ShownEntry[] {
  return entries.filter((entry) => isOn(entry, place)).map(shownEntry);
}

function isOn(entry: LedgerEntry, { container, pod }: AlertPlace): boolean {
  // Labels of pods may be of requests to the API server, which are on no container.
  if (container === 'host') return entry.container === '' && entry.pod === '';
  if (pod !== undefined && entry.pod === pod) return true;
  return container?.length === SHORT_ID && entry.container.startsWith(container);
}

function shownEntry({
  id,
  action,
  phase,
  container,
  containerName,
  pod,
  response,
  time,
  undoAt,
}: LedgerEntry): ShownEntry {
  return {
    ...{ id, phase, response },
    action: action.replaceAll('_', ' '),
    on: [pod, containerName || container.slice(0, SHORT_ID)].filter((name) => name !== '').join(' '),
    since: time,
    ...(undoAt !== undefined && { undoneAt: undoAt }),
  };
}
