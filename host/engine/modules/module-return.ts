// Enables modules again that were disabled for their time (absence.ts). Their candidates are computed again before, in steps between batches.

import type { Capture } from '../../capture/native.ts';
import type { FromWorker } from '../messages/protocol.ts';
import { describeImages } from './describe-images.ts';
import type { ModuleSet } from './module-set.ts';

export class ModuleReturn {
  readonly #capture: Capture;
  readonly #send: (message: FromWorker) => void;
  #set: ModuleSet | undefined;
  #steps: Iterator<void, void> | undefined;

  constructor(capture: Capture, send: (message: FromWorker) => void) {
    this.#capture = capture;
    this.#send = send;
  }

  get isUnderWay(): boolean {
    return this.#steps !== undefined;
  }

  /** Takes a step, between two batches. @param set the one in use */
  step(set: ModuleSet): void {
    // Modules of rules that were replaced are not needed any more.
    if (this.#steps && this.#set === set) {
      if (this.#steps.next().done === true) this.#steps = undefined;
      return;
    }
    this.#set = set;
    this.#steps = this.#begin(set);
  }

  #begin(set: ModuleSet): Iterator<void, void> | undefined {
    const module = set.dueAgain;
    if (!module) return undefined;
    const [capture, send] = [this.#capture, this.#send];
    module.isReturning = true;
    return (function* () {
      yield* describeImages(capture, set);
      // It may have failed again over that.
      if (!module.isReturning) return;
      module.isReturning = false;
      module.failure = undefined;
      send({ kind: 'taken-back', generation: set.generation, module: module.name });
    })();
  }
}
