// What responses would have done: rails and limits on alerts of the past, in recorded time. Nothing is looked at but the alert.

import { type Outcome, RefusalError, type Target } from './action.ts';
import type { Act } from './ledger-entry.ts';
import { limitedPlace, overLimit, recentActs } from './limits.ts';
import { checkTarget, type OwnPlace } from './rails.ts';
import type { Response, ResponseSettings } from './settings.ts';
import { targetKey } from './target-key.ts';

/** No process of the past is the agent that asks. */
const NOBODY: OwnPlace = { pid: 0, container: '', podUid: '' };

export class DryRun {
  readonly #settings: ResponseSettings;
  #acts: readonly Act[] = [];
  /** Until when actions stay in force, in ms, by targetKey(). */
  readonly #inForce = new Map<string, number>();

  constructor(settings: ResponseSettings) {
    this.#settings = settings;
  }

  /**
   * The outcome of a response, if every action so far that could be done had been done.
   * @param now ms of recorded time, which does not go back
   */
  perform(response: Response, target: Target, now: number): Outcome {
    const container = limitedPlace(target);
    try {
      checkTarget(response.action, target, this.#settings, NOBODY);
      const key = targetKey(response, target);
      if ((this.#inForce.get(key) ?? Number.NEGATIVE_INFINITY) > now) {
        throw new RefusalError('already', 'an earlier alert already caused this action');
      }
      const over = overLimit(this.#settings, this.#acts, container, now);
      if (over !== undefined) throw new RefusalError('limit', over);
      this.#acts = [...recentActs(this.#settings, this.#acts, now), { time: now, container }];
      this.#inForce.set(key, now + (response.undoAfterMs ?? Number.POSITIVE_INFINITY));
      return { kind: 'observed', what: response.action.replaceAll('_', ' ') };
    } catch (error) {
      if (!(error instanceof RefusalError)) throw error;
      return { kind: 'refused', why: error.why, detail: error.message };
    }
  }
}
