// Waiting for what comes by itself.

import { setTimeout as pause } from 'node:timers/promises';

/** The first value that is not undefined or false. Fails after ten seconds. */
export async function until<T>(value: () => T | undefined | false): Promise<T> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const found = value();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error('it did not come within ten seconds');
    await pause(5);
  }
}
