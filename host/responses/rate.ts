// Rates as the configuration has them: 5/1m.

import { durationText, parseDuration } from '../config-values/duration.ts';
import type { Rate } from './settings.ts';

const PATTERN = /^(\d{1,6})\/(.+)$/;
const SHORTEST_MS = 1000;

/** Undefined for an invalid one: it takes a count, which may be 0, and a second at least. */
export function parseRate(text: string): Rate | undefined {
  const [, count, time = ''] = PATTERN.exec(text) ?? [];
  const milliseconds = parseDuration(time);
  if (count === undefined || milliseconds === undefined || milliseconds < SHORTEST_MS) return undefined;
  return { count: Number(count), milliseconds };
}

export function rateText({ count, milliseconds }: Rate): string {
  return `${count}/${durationText(milliseconds)}`;
}
