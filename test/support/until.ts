// Waiting for what comes by itself.

import { setTimeout as pause } from 'node:timers/promises';
import { TIME_FACTOR } from './live/time-factor.ts';

/** The first value that is not undefined or false. Fails after `patienceMs`, by default ten seconds; `pauseMs` lie between two attempts. */
export async function until<T>(
  value: () => T | undefined | false | Promise<T | undefined | false>,
  patienceMs = 10_000,
  pauseMs = 5,
): Promise<T> {
  const deadline = performance.now() + patienceMs * TIME_FACTOR;
  for (;;) {
    const found = await value();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`it did not come within ${(patienceMs * TIME_FACTOR) / 1000} s`);
    await pause(pauseMs);
  }
}
