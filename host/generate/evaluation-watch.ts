// Whether the rules are evaluated, as the agent's own alerts report it: rules that are set aside raise no alert, whatever is performed.

import { readAbsence } from '../agent/rules/absence-alerts.ts';
import type { SeenAlert } from './seen-alert.ts';

interface Absence {
  readonly returns: boolean;
  /** A time of performance.now(). */
  readonly since: number;
}

export class EvaluationWatch {
  /** Current absences, by module. */
  readonly #absences = new Map<string, Absence>();
  readonly #waiting = new Set<() => void>();
  #count = 0;

  /** Takes any alert. */
  take(rule: string, fields: SeenAlert['fields']): void {
    const absence = readAbsence(rule, fields);
    if (!absence) return;
    if (absence.isEvaluated) {
      this.#absences.delete(absence.module);
      for (const look of this.#waiting) look();
      return;
    }
    this.#count++;
    // It may fail again before it was evaluated.
    const since = this.#absences.get(absence.module)?.since ?? performance.now();
    this.#absences.set(absence.module, { returns: absence.returns, since });
  }

  /** How often rules were set aside so far. */
  get count(): number {
    return this.#count;
  }

  /** Some are set aside now. */
  get isPartial(): boolean {
    return this.#absences.size > 0;
  }

  /** All of those that are set aside now are tried again. */
  get returns(): boolean {
    return [...this.#absences.values()].every(({ returns }) => returns);
  }

  /** Resolves when the rules that are tried again are evaluated; for none of them later than so long after it was set aside. */
  async returned(longestMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      const ends = [...this.#absences.values()].filter(({ returns }) => returns).map(({ since }) => since + longestMs);
      const restMs = Math.max(...ends) - performance.now();
      if (ends.length === 0 || restMs <= 0 || signal.aborted) resolve();
      else timer = setTimeout(look, restMs + 1);
    };
    let timer: NodeJS.Timeout | undefined;
    this.#waiting.add(look);
    signal.addEventListener('abort', look);
    look();
    await promise;
    signal.removeEventListener('abort', look);
    this.#waiting.delete(look);
    clearTimeout(timer);
  }
}
