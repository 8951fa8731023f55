// The active responses on the container or the pod of an alert, by whichever alert they were caused: a container that is paused is paused for all.

import { timeLeft } from '../../../responses/ledger/time-left.ts';
import type { LedgerEntry } from '../../../responses/ledger-entry.ts';
import type { ShownEntry } from './messages.ts';

/** Digits of a container's id in `container.id`. */
const SHORT_ID = 12;

/** The container and the pod of an alert. Absent: the alert does not say. */
export interface AlertPlace {
  /** `container.id`; `host` outside of containers. */
  readonly container?: string | undefined;
  /** `namespace/name` */
  readonly pod?: string | undefined;
}

/** @param currentBoot of the machine */
export function shownInForce(entries: readonly LedgerEntry[], place: AlertPlace, currentBoot: string): ShownEntry[] {
  return entries.filter((entry) => isOn(entry, place)).map((entry) => shownEntry(entry, currentBoot));
}

function isOn(entry: LedgerEntry, { container, pod }: AlertPlace): boolean {
  // Labels of pods may be of requests to the API server, which are on no container.
  if (container === 'host') return entry.container === '' && entry.pod === '';
  if (pod !== undefined && entry.pod === pod) return true;
  return container?.length === SHORT_ID && entry.container.startsWith(container);
}

function shownEntry(entry: LedgerEntry, currentBoot: string): ShownEntry {
  const { id, action, phase, container, containerName, pod, response, time } = entry;
  // The clock may have been set since it began.
  const left = timeLeft(entry, currentBoot);
  return {
    ...{ id, phase, response },
    action: action.replaceAll('_', ' '),
    on: [pod, containerName || container.slice(0, SHORT_ID)].filter((name) => name !== '').join(' '),
    since: time,
    ...(left !== undefined && { undoneAt: Date.now() + Math.round(left) }),
  };
}
