// Reports audit events that were received and not evaluated: a client that can make a request too large, or a rule too slow, could hide by that.

import type { AlertDesk } from '../../agent/alerts/alert-desk.ts';
import { ALERT_APART_MS } from '../../diagnostics/alert-pace.ts';

export const LOSS_RULE = 'Wasprey internal: audit events lost';

/** What was lost, by the reason. */
export type Losses = readonly (readonly [reason: string, count: number])[];

export class LossWatch {
  readonly #desk: Pick<AlertDesk, 'internal'>;
  readonly #apartMs: number;
  readonly #unreported = new Map<string, number>();
  /** Set until the next alert may be sent. */
  #wait: NodeJS.Timeout | undefined;

  constructor(desk: Pick<AlertDesk, 'internal'>, apartMs = ALERT_APART_MS) {
    this.#desk = desk;
    this.#apartMs = apartMs;
  }

  add(losses: Losses): void {
    for (const [reason, count] of losses) this.#unreported.set(reason, (this.#unreported.get(reason) ?? 0) + count);
    if (this.#wait === undefined) this.#report();
  }

  /** At the end: reports what waits. */
  finish(): void {
    clearTimeout(this.#wait);
    this.#report();
    clearTimeout(this.#wait);
    this.#wait = undefined;
  }

  #report(): void {
    this.#wait = undefined;
    if (this.#unreported.size === 0) return;
    const reasons = [...this.#unreported].map(([reason, count]) => `${reason}: ${count}`).join(', ');
    this.#unreported.clear();
    this.#desk.internal(LOSS_RULE, 'Critical', `${LOSS_RULE}. Received and not evaluated: ${reasons}.`);
    this.#wait = setTimeout(() => this.#report(), this.#apartMs).unref();
  }
}
