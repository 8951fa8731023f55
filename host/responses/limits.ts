// How often it is acted: so many times within a time, on a container and on the node. Over that, nothing is done.

import type { Act } from './ledger-entry.ts';
import type { Rate, ResponseSettings } from './settings.ts';

export type Limits = Pick<ResponseSettings, 'perContainer' | 'perNode'>;

/**
 * Why it may not be acted on the container now; undefined: it may.
 * @param acts in any order @param now in the clock of their times
 */
export function overLimit(limits: Limits, acts: readonly Act[], container: string, now: number): string | undefined {
  const here = acts.filter((act) => act.container === container);
  const place = container === '' ? 'the host' : 'the container';
  if (isFull(limits.perContainer, here, now)) return `${describe(limits.perContainer)} on ${place}`;
  if (isFull(limits.perNode, acts, now)) return `${describe(limits.perNode)} on the node`;
  return undefined;
}

/** The acts that may still count. */
export function recentActs({ perContainer, perNode }: Limits, acts: readonly Act[], now: number): Act[] {
  const longest = Math.max(perContainer.milliseconds, perNode.milliseconds);
  return acts.filter(({ time }) => now - time < longest);
}

/** A window that ends now: in none that long there are more than so many, wherever it begins. */
function isFull({ count, milliseconds }: Rate, acts: readonly Act[], now: number): boolean {
  return acts.filter(({ time }) => now - time < milliseconds).length >= count;
}

function describe({ count, milliseconds }: Rate): string {
  const seconds = milliseconds / 1000;
  const time = seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
  return `${count} ${count === 1 ? 'action' : 'actions'} in ${time}`;
}
