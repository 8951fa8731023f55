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

/** How often an action is performed, if its rules were not evaluated meanwhile. */
const MOST_TIMES = 3;
/** How long rules that are set aside are waited for. They are tried again after 5 s, then ever later. */
const LONGEST_ABSENCE_MS = 60_000;

export type ActionResult =
  | { readonly kind: 'skipped'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string }
  /** Stopped by a signal. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'done' }
  | { readonly kind: 'verified'; readonly rules: readonly string[] }
  /** `refused`: calls of the action that the kernel refused. */
  | { readonly kind: 'missing'; readonly rules: readonly string[]; readonly refused: readonly string[] }
  /** Alerts of these rules did not come, and the agent had set rules aside: whether they match is not known. */
  | { readonly kind: 'not evaluated'; readonly rules: readonly string[] };

export interface SessionOptions {
  readonly place: Place;
  readonly verification?: Verification;
  /** Stops the running action, and skips those after it. */
  readonly signal: AbortSignal;
  /** Called before an action is performed. */
  readonly onBegin: (action: Action) => void;
  /** Called before it is performed once more, because rules were not evaluated the time before. */
  readonly onAgain: (action: Action) => void;
  readonly onResult: (action: Action, result: ActionResult) => void;
}

export async function performActions(actions: readonly Action[], options: SessionOptions): Promise<void> {
  for (const action of actions) {
    if (options.signal.aborted) return;
    options.onResult(action, await performAction(action, options));
  }
}

async function performAction(action: Action, options: SessionOptions): Promise<ActionResult> {
  const { place, verification, onBegin, onAgain } = options;
  const why = obstacle(action, place);
  if (why !== undefined) return { kind: 'skipped', why };
  const rules = verification ? rulesOf(action).filter((rule) => verification.rules.has(rule)) : [];
  if (verification && rules.length === 0) {
    return { kind: 'skipped', why: `none of its rules is evaluated (${rulesOf(action).join(', ')})` };
  }
  onBegin(action);
  for (let times = 1; ; times++) {
    const result = await performOnce(action, rules, options);
    const isKnown = result.kind !== 'not evaluated';
    if (isKnown || times === MOST_TIMES || !verification?.watch.evaluation.returns) return result;
    onAgain(action);
  }
}

async function performOnce(
  action: Action,
  rules: readonly string[],
  { place, verification, signal }: SessionOptions,
): Promise<ActionResult> {
  const evaluation = verification?.watch.evaluation;
  await evaluation?.returned(LONGEST_ABSENCE_MS, signal);
  const absences = evaluation?.count;
  const wasPartial = evaluation?.isPartial;
  const scene = newScene(place);
  const expected = verification?.watch.expect(rules, scene.marker);
  const { failure, refused } = await perform(action, place, signal, scene);
  const missing = (await expected?.wait(verification?.timeoutMs ?? 0, signal)) ?? [];
  if (signal.aborted) return { kind: 'stopped' };
  if (failure !== undefined) return { kind: 'failed', why: failure };
  if (!verification) return { kind: 'done' };
  if (missing.length === 0) return { kind: 'verified', rules };
  if (wasPartial || evaluation?.count !== absences) return { kind: 'not evaluated', rules: missing };
  return { kind: 'missing', rules: missing, refused };
}
