// Rules are replaced while events come, step by step between batches. The next rules' candidates are filled in beside those in use, and
// what they need is attached, before they take over; what only the rules before needed is detached afterwards.

import type { Capture } from '../capture/native.ts';
import type { ModuleSet, SetModule } from './module-set.ts';
import type { FromWorker, RuleSetStart, WorkerError } from './protocol.ts';
import { describeError } from './worker-error.ts';

/** How long a step may keep events waiting. */
const STEP_MS = 1;
/** Images between two looks at the clock. */
const IMAGES_AT_ONCE = 64;

export interface ReplacementHost {
  readonly capture: Capture;
  readonly bindSet: (rules: RuleSetStart, bank: number) => ModuleSet;
  readonly send: (message: FromWorker) => void;
  /** Whether no event waits for a container: those that do are the rules' before. */
  readonly mayTakeOver: () => boolean;
  /** How long, in ms, that is waited for. */
  readonly patience: number;
  /** The next rules are evaluated from now on; called between batches. */
  readonly takeOver: (next: ModuleSet) => void;
}

type Prepared = { readonly ok: true; readonly next: ModuleSet } | { readonly ok: false; readonly error: WorkerError };

export class Replacement {
  readonly #host: ReplacementHost;
  readonly #before: ModuleSet;
  readonly #rules: RuleSetStart;
  readonly #images = new Uint32Array(IMAGES_AT_ONCE);
  readonly #steps: Iterator<void, void>;
  /** As long as it is not in use yet. */
  #next: ModuleSet | undefined;
  #longestStep = 0;
  isDone = false;

  constructor(before: ModuleSet, rules: RuleSetStart, host: ReplacementHost) {
    this.#before = before;
    this.#rules = rules;
    this.#host = host;
    this.#steps = this.#run();
  }

  /** Between two batches. */
  step(): void {
    const began = performance.now();
    this.isDone = this.#steps.next().done === true;
    this.#longestStep = Math.max(this.#longestStep, performance.now() - began);
  }

  /** A process image that has just come needs candidates of the next rules too. */
  setCandidates(image: number): void {
    const next = this.#next;
    if (next) this.#host.capture.setCandidates(image, next.candidates(image), next.bank);
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
    yield;
    send({ kind: 'replaced', generation, longestStepMs: this.#longestStep });
    const trouble = yield* this.#settle(prepared.next);
    send({ kind: 'settled', generation, missing: capture.missing(), ...(trouble && { trouble }) });
  }

  /** Until the next rules are evaluated, or can't be. */
  *#prepare(): Generator<void, Prepared> {
    const { bindSet, capture, mayTakeOver, patience } = this.#host;
    const before = this.#before;
    try {
      const next = bindSet(this.#rules, 1 - before.bank);
      yield;
      capture.prepareFilter(next.bank, this.#rules.filter);
      this.#next = next;
      // The filter of the rules before drops what the next ones may be about.
      capture.beginChange([...new Set([...before.eventTypes, ...next.eventTypes])]);
      yield* this.#fillCandidates(next);
      while (!capture.isChanged()) yield;
      const until = performance.now() + patience;
      while (!mayTakeOver() && performance.now() < until) yield;
      // Last of all: they are tried on each process that comes meanwhile, too.
      const failed = next.modules.find(({ failure }) => failure);
      if (failed) return { ok: false, error: moduleFailed(failed) };
      return { ok: true, next };
    } catch (error) {
      return { ok: false, error: describeError(error) };
    }
  }

  /** Captures what these rules need, and no more. */
  *#settle({ eventTypes, isFiltered, bank }: ModuleSet): Generator<void, WorkerError | undefined> {
    const { capture } = this.#host;
    try {
      while (!capture.isChanged()) yield;
    } catch {
      // Of a change that is given up.
    }
    try {
      capture.beginChange(eventTypes, isFiltered ? bank : undefined);
      while (!capture.isChanged()) yield;
      capture.prepareFilter(1 - bank, undefined);
      return undefined;
    } catch (error) {
      return describeError(error);
    }
  }

  /** Of all images there are. Those that come meanwhile are told of one by one. */
  *#fillCandidates(next: ModuleSet): Generator<void, void> {
    const { capture } = this.#host;
    let began = performance.now();
    for (let first = 0; ; ) {
      const count = capture.listImages(first, this.#images);
      if (count === 0) return;
      for (const image of this.#images.subarray(0, count)) {
        if (image !== 0) capture.setCandidates(image, next.candidates(image), next.bank);
      }
      first += count;
      if (performance.now() - began < STEP_MS) continue;
      yield;
      began = performance.now();
    }
  }
}

function moduleFailed({ name, failure }: SetModule): WorkerError {
  return { code: 'ENGINE_MODULE_FAILED', message: `${name} failed when it was tried: ${failure?.reason}` };
}
