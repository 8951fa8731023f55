// Instances of modules that rules were replaced by others are garbage that the worker's collector has no reason to look for: evaluation allocates
// nothing, and what they hold is not on the JavaScript heap. Left alone, each replacement keeps 0.1 MB for good.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** After so many replacements events have to wait for it, some ms, where they leave no pause. */
const MOST_WAITING = 16;

export class GarbageAfterReplacements {
  #collect: (() => void) | undefined;
  #waiting = 0;

  /** Rules were replaced: those before can be collected. */
  add(): void {
    this.#waiting++;
  }

  /** @param isIdle no event waits now */
  collectIfDue(isIdle: boolean): void {
    if (this.#waiting === 0 || (!isIdle && this.#waiting < MOST_WAITING)) return;
    this.#waiting = 0;
    this.#collect ??= exposedCollector();
    this.#collect();
  }
}

/** V8 hands its collector to contexts that are made once the flag is set. */
function exposedCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  return typeof collect === 'function' ? () => void collect() : () => {};
}
