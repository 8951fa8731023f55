// Waits for the alerts of actions: an alert belongs to an action by its rule and the scene's marker in its text.

import { EvaluationWatch } from './evaluation-watch.ts';

/** The used part of an alert in JSON, the same in Wasprey and Falco. */
export interface SeenAlert {
  readonly rule: string;
  readonly output: string;
  /** All its text, which is searched for the marker. */
  readonly text: string;
}

/** Parses an alert from a line of JSON; undefined if it is not an alert. */
export function parseAlert(line: string): SeenAlert | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || !('rule' in value) || typeof value.rule !== 'string')
      return undefined;
    const output = 'output' in value && typeof value.output === 'string' ? value.output : '';
    return { rule: value.rule, output, text: line };
  } catch {
    return undefined;
  }
}

interface Expectation {
  readonly marker: string;
  readonly missing: Set<string>;
  readonly complete: () => void;
}

export class AlertWatch {
  readonly evaluation = new EvaluationWatch();
  readonly #expected = new Set<Expectation>();

  take({ rule, output, text }: SeenAlert): void {
    this.evaluation.take(rule, output);
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
