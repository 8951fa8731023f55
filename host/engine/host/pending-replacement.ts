// The replacement of rules that the host has asked the worker for, until it is settled.

import { EngineError } from '../messages/engine-error.ts';
import type { WorkerError } from '../messages/protocol.ts';

export interface Replaced {
  /** The longest time that a step of it delayed events. */
  readonly longestStepMs: number;
  /** The hooks that only the previous rules needed could not be detached. */
  readonly trouble: WorkerError | undefined;
}

export class PendingReplacement {
  #done: PromiseWithResolvers<Replaced> | undefined;
  #longestStepMs = 0;

  get isUnderWay(): boolean {
    return this.#done !== undefined;
  }

  begin(): Promise<Replaced> {
    this.#done = Promise.withResolvers<Replaced>();
    this.#longestStepMs = 0;
    return this.#done.promise;
  }

  /** The new rules are in use. */
  tookOver(longestStepMs: number): void {
    this.#longestStepMs = longestStepMs;
  }

  /** The hooks that only the previous rules needed are detached. */
  settle(trouble: WorkerError | undefined): void {
    this.#end()?.resolve({ longestStepMs: this.#longestStepMs, trouble });
  }

  /** The previous rules stay in use. */
  reject(error: EngineError): void {
    this.#end()?.reject(error);
  }

  /** The engine has ended. */
  abandon(): void {
    this.reject(new EngineError({ code: 'ENGINE_ENDED', message: 'the engine has stopped' }));
  }

  #end(): PromiseWithResolvers<Replaced> | undefined {
    const done = this.#done;
    this.#done = undefined;
    return done;
  }
}
