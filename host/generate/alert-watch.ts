// Waits for the alerts of actions: an alert belongs to an action by its rule and the scene's marker in its text.

import { EvaluationWatch } from './evaluation-watch.ts';
import type { SeenAlert } from './seen-alert.ts';

interface Expectation {
  readonly marker: string;
  readonly missing: Set<string>;
  readonly complete: () => void;
}

export class AlertWatch {
  readonly evaluation = new EvaluationWatch();
  readonly #expected = new Set<Expectation>();

  take({ rule, fields, text }: SeenAlert): void {
    this.evaluation.take(rule, fields);
    for (const { marker, missing, complete } of this.#expected) {
      if (missing.has(rule) && text.includes(marker)) missing.delete(rule);
      if (missing.size === 0) complete();
    }
  }

  /**
   * Call before the action is performed. After `wait` is called, the result resolves to the rules whose alerts did not
   * come within that time, or before the signal.
   */
  expect(
    rules: readonly string[],
    marker: string,
  ): { wait(timeoutMs: number, signal?: AbortSignal): Promise<readonly string[]> } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const expectation: Expectation = { marker, missing: new Set(rules), complete: resolve };
    this.#expected.add(expectation);
    return {
      wait: async (timeoutMs, signal) => {
        const timer = setTimeout(resolve, timeoutMs);
        const stop = () => resolve();
        signal?.addEventListener('abort', stop);
        if (expectation.missing.size > 0 && !signal?.aborted) await promise;
        signal?.removeEventListener('abort', stop);
        clearTimeout(timer);
        this.#expected.delete(expectation);
        return [...expectation.missing];
      },
    };
  }
}
