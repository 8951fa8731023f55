// Running the collector of this thread's garbage where it has no reason to run by itself: evaluation allocates nothing.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * `all` looks again until nothing more is found, forgets compiled code that was used but once, and gives the heap's free pages back:
 * 30 ms for what the agent's start leaves in the main thread, of which it frees 20 MB; 10 ms and 8 MB in the worker.
 */
export type Thoroughness = 'once' | 'all';

let collector: ((options: object) => void) | undefined;

export function collectGarbage(thoroughness: Thoroughness): void {
  collector ??= exposedCollector();
  collector({ type: 'major', execution: 'sync', flavor: thoroughness === 'all' ? 'last-resort' : 'regular' });
}

/** V8 hands its collector to contexts that are made once the flag is set. */
function exposedCollector(): (options: object) => void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  return typeof collect === 'function' ? (options) => void collect(options) : () => {};
}
