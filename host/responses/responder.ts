// What carries out responses: it keeps to the rails and the limits, and then acts, or in `observe` says what it would have done.

import type { Actor } from './action.ts';
import type { ResponseSettings } from './settings.ts';

export interface Responder extends Actor {
  /** Applies these settings from now on. Before the first act. */
  use(settings: ResponseSettings): void;
  /** Resolves when nothing is under way any more. */
  close(): Promise<void>;
}
