// A recording of ten blocks.

import { process as processImage, shadowRead } from './built-agent.ts';
import { logEntry, payloadOf, writeBlocks } from './recordings.ts';

/** Ten blocks of ten events each, and a last one. */
export function tenBlocks() {
  const image = logEntry(processImage(1, {}));
  return writeBlocks(
    Array.from({ length: 10 }, (_, block) => ({
      payload: payloadOf(
        block === 0 ? [image] : [],
        Array.from({ length: 10 }, (_, index) => shadowRead(1, { sequence: 10 * block + index })),
      ),
      events: 10,
    })),
  );
}
