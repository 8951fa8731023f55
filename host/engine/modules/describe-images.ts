// Describes all processes that there are for a rule set (ModuleSet.describe), in short steps between batches.

import type { Capture } from '../../capture/native.ts';
import type { ModuleSet } from './module-set.ts';

/** How long a step may delay events. */
const STEP_MS = 1;
const PORTION = 64;

/** All existing images; new ones are reported one by one. Yields at the end of each step. */
export function* describeImages(capture: Capture, set: ModuleSet): Generator<void, void> {
  const images = new Uint32Array(PORTION);
  let until = performance.now() + STEP_MS;
  for (let first = 0; ; ) {
    const count = capture.listImages(first, images);
    if (count === 0) return;
    // Between two steps an image may go, and another one come in its place.
    let done = 0;
    while (done < count && performance.now() < until) {
      const image = images[done++] ?? 0;
      if (image !== 0) set.describe(image, capture);
    }
    first += done;
    if (performance.now() < until) continue;
    yield;
    until = performance.now() + STEP_MS;
  }
}
