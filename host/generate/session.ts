// Performs actions one after the other, and optionally verifies each by its alerts.

import { type Action, rulesOf } from './actions/action.ts';
import type { AlertWatch } from './alert-watch.ts';
import { obstacle } from './obstacle.ts';
import { newScene, perform } from './perform.ts';
import type { Place } from './place.ts';

export interface Verification {
  readonly watch: AlertWatch;
  /** Names of the evaluated rules: alerts of others are not expected. */
  readonly rules: ReadonlySet<string>;
  readonly timeoutMs: number;
}

export type ActionResult =
  | { readonly kind: 'skipped'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string }
  /** Stopped by a signal. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'done' }
  | { readonly kind: 'verified'; readonly rules: readonly string[] }
  /** `refused`: calls of the action that the kernel refused. */
  | { readonly kind: 'missing'; readonly rules: readonly string[]; readonly refused: readonly string[] };

export interface SessionOptions {
  readonly place: Place;
  readonly verification?: Verification;
  /** Stops the running action, and skips those after it. */
  readonly signal: AbortSignal;
  /** Called before an action is performed. */
  readonly onBegin: (action: Action) => void;
  readonly onResult: (action: Action, result: ActionResult) => void;
}

export async function performActions(actions: readonly Action[], options: SessionOptions): Promise<void> {
  for (const action of actions) {
    if (options.signal.aborted) return;
    options.onResult(action, await performAction(action, options));
  }
}

async function performAction(
  action: Action,
  { place, verification, signal, onBegin }: SessionOptions,
): Promise<ActionResult> {
  const why = obstacle(action, place);
  if (why !== undefined) return { kind: 'skipped', why };
  const rules = verification ? rulesOf(action).filter((rule) => verification.rules.has(rule)) : [];
  if (verification && rules.length === 0) {
    return { kind: 'skipped', why: `none of its rules is evaluated (${rulesOf(action).join(', ')})` };
  }
  onBegin(action);
  const scene = newScene(place);
  const expected = verification?.watch.expect(rules, scene.marker);
  const { failure, refused } = await perform(action, place, signal, scene);
  const missing = (await expected?.wait(verification?.timeoutMs ?? 0, signal)) ?? [];
  if (signal.aborted) return { kind: 'stopped' };
  if (failure !== undefined) return { kind: 'failed', why: failure };
  if (!verification) return { kind: 'done' };
  return missing.length === 0 ? { kind: 'verified', rules } : { kind: 'missing', rules: missing, refused };
}
