// Replaces rules while events come, step by step between batches. Before the next rules take over, their candidates are filled in beside
// those in use, and the hooks they need are attached; hooks that only the previous rules needed are detached afterwards.

import type { Capture } from '../../capture/native.ts';
import type { Enforcing, FromWorker, WorkerError } from '../messages/protocol.ts';
import type { RuleSetStart } from '../messages/rule-set-start.ts';
import { describeError } from '../messages/worker-error.ts';
import { describeImages } from '../modules/describe-images.ts';
import type { ModuleSet } from '../modules/module-set.ts';
import type { SetModule } from '../modules/set-module.ts';
import type { KernelEnforcer } from './kernel-enforcer.ts';

export interface ReplacementHost {
  readonly capture: Capture;
  /** Absent: nothing is enforced. */
  readonly enforcer?: KernelEnforcer;
  readonly bindSet: (rules: RuleSetStart, bank: number) => ModuleSet;
  readonly send: (message: FromWorker) => void;
  /** Whether no event waits for a container: waiting ones belong to the previous rules. */
  readonly mayTakeOver: () => boolean;
  /** Time limit for that, in ms. */
  readonly patience: number;
  /** Event types that are captured beside those of the rules, where these have a kernel filter; called when that takes effect. */
  readonly beside: () => readonly string[];
  /** Called when these, or those of the rules, could not be captured. */
  readonly unsettled: () => void;
  /** Called between batches when the next rules take over. */
  readonly takeOver: (next: ModuleSet) => void;
}

type Prepared =
  | { readonly ok: true; readonly next: ModuleSet; readonly enforcing?: Enforcing }
  | { readonly ok: false; readonly error: WorkerError };

export class Replacement {
  readonly #host: ReplacementHost;
  readonly #before: ModuleSet;
  readonly #rules: RuleSetStart;
  readonly #steps: Iterator<void, void>;
  /** Set while it is not in use yet. */
  #next: ModuleSet | undefined;
  #longestStep = 0;
  isDone = false;

  constructor(before: ModuleSet, rules: RuleSetStart, host: ReplacementHost) {
    this.#before = before;
    this.#rules = rules;
    this.#host = host;
    this.#steps = this.#run();
  }

  /** Takes a step, between two batches. */
  step(): void {
    const began = performance.now();
    this.isDone = this.#steps.next().done === true;
    this.#longestStep = Math.max(this.#longestStep, performance.now() - began);
  }

  /** Sets candidates of the next rules for a new process image. */
  setCandidates(image: number): void {
    this.#next?.describe(image, this.#host.capture);
  }

  *#run(): Generator<void, void> {
    const { capture, takeOver, send } = this.#host;
    const { generation } = this.#rules;
    const prepared = yield* this.#prepare();
    this.#next = undefined;
    if (!prepared.ok) {
      yield* this.#settle(this.#before);
      send({ kind: 'not-replaced', generation, error: prepared.error });
      return;
    }
    takeOver(prepared.next);
    if (prepared.enforcing) send({ kind: 'enforcing', ...prepared.enforcing });
    yield;
    send({ kind: 'replaced', generation, longestStepMs: this.#longestStep });
    const trouble = yield* this.#settle(prepared.next);
    send({ kind: 'settled', generation, missing: capture.missing(), ...(trouble && { trouble }) });
  }

  /** True until the next rules take over, or have failed. */
  *#prepare(): Generator<void, Prepared> {
    const { bindSet, capture, enforcer, mayTakeOver, patience } = this.#host;
    const before = this.#before;
    try {
      const next = bindSet(this.#rules, 1 - before.bank);
      yield;
      capture.prepareFilter(next.bank, this.#rules.filter);
      enforcer?.prepare(this.#rules.enforcement, next.bank);
      this.#next = next;
      // The filter of the previous rules drops events that the next ones may need. Without any, types that no rule wants would come of all
      // processes: captures lack these until the rules have taken over.
      capture.beginChange([...new Set([...before.eventTypes, ...next.eventTypes])]);
      yield* describeImages(capture, next);
      while (!capture.isChanged()) yield;
      const until = performance.now() + patience;
      while (!mayTakeOver() && performance.now() < until) yield;
      // As the last step: they also run on each new process.
      const failed = [...next.modules, ...(next.guard ? [next.guard] : [])].find(({ failure }) => failure);
      if (failed) return { ok: false, error: moduleFailed(failed) };
      // The last step too: if it fails, the rules that were enforced stay.
      const enforcing = enforcer?.takeOver(this.#rules.enforcement, next.bank);
      return { ok: true, next, ...(enforcing && { enforcing }) };
    } catch (error) {
      return { ok: false, error: describeError(error) };
    }
  }

  /** Captures exactly what these rules need. */
  *#settle({ eventTypes, isFiltered, bank }: ModuleSet): Generator<void, WorkerError | undefined> {
    const { beside, unsettled, capture } = this.#host;
    try {
      while (!capture.isChanged()) yield;
    } catch {
      // An aborted change has failed.
    }
    try {
      const besideThem = isFiltered ? beside() : [];
      capture.beginChange([...new Set([...eventTypes, ...besideThem])], isFiltered ? bank : undefined);
      while (!capture.isChanged()) yield;
      capture.prepareFilter(1 - bank, undefined);
      return undefined;
    } catch (error) {
      unsettled();
      return describeError(error);
    }
  }
}

function moduleFailed({ name, failure }: SetModule): WorkerError {
  return { code: 'ENGINE_MODULE_FAILED', message: `${name} failed its trial run: ${failure?.reason}` };
}
