// An action is prepared within a time limit, so that an API server that does not answer, or a tree of thousands of processes, delays others only briefly.

import type { Actor, Deed, Target } from '../action.ts';
import type { LedgerEntry } from '../ledger-entry.ts';
import type { Response } from '../settings.ts';

/** Rejects as Actor.prepare(), or when the time is over: then what comes later is closed. */
export async function prepareWithin(
  milliseconds: number,
  actor: Actor,
  response: Response,
  target: Target,
  entries: readonly LedgerEntry[],
): Promise<Deed> {
  const abort = new AbortController();
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const reason = new Error(`it could not be prepared within ${milliseconds / 1000} s`);
    abort.abort(reason);
    reject(reason);
  }, milliseconds);
  const deed = actor.prepare(response, target, { entries, signal: abort.signal });
  try {
    return await Promise.race([deed, late]);
  } catch (error) {
    void deed.then(
      ({ close }) => close?.(),
      () => {},
    );
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
