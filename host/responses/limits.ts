// Limits of actions: so many within a time, per container and per node. Beyond a limit, nothing is done.

import type { Target } from './action.ts';
import type { Act } from './ledger-entry.ts';
import type { Rate, ResponseSettings } from './settings.ts';

export type Limits = Pick<ResponseSettings, 'perContainer' | 'perNode'>;

/** What counts as one container: of a request the whole pod. */
export function limitedPlace({
  isRequested,
  container,
  pod,
}: Pick<Target, 'isRequested' | 'container' | 'pod'>): string {
  return isRequested ? `${POD_PLACE}${pod?.uid}` : container;
}

const POD_PLACE = 'pod ';

/**
 * The limit that one more action in that place would exceed now; undefined: none.
 * @param place see limitedPlace() @param acts in any order @param now in the clock of their times
 */
export function overLimit(limits: Limits, acts: readonly Act[], place: string, now: number): string | undefined {
  const here = acts.filter((act) => act.container === place);
  if (isFull(limits.perContainer, here, now)) return `${describe(limits.perContainer)} on ${described(place)}`;
  if (isFull(limits.perNode, acts, now)) return `${describe(limits.perNode)} on the node`;
  return undefined;
}

function described(place: string): string {
  if (place.startsWith(POD_PLACE)) return 'the pod';
  return place === '' ? 'the host' : 'the container';
}

/** The acts that may still count. */
export function recentActs({ perContainer, perNode }: Limits, acts: readonly Act[], now: number): Act[] {
  const longest = Math.max(perContainer.milliseconds, perNode.milliseconds);
  return acts.filter(({ time }) => now - time < longest);
}

/** Whether the window that ends now is full. So no window of that length, wherever it begins, has more than `count`. */
function isFull({ count, milliseconds }: Rate, acts: readonly Act[], now: number): boolean {
  return acts.filter(({ time }) => now - time < milliseconds).length >= count;
}

function describe({ count, milliseconds }: Rate): string {
  const seconds = milliseconds / 1000;
  const time = seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
  return `${count} ${count === 1 ? 'action' : 'actions'} in ${time}`;
}
