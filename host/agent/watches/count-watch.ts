// Reports that a counter has grown which should not.

import { isDue } from '../../diagnostics/alert-pace.ts';
import type { AlertDesk } from '../alerts/alert-desk.ts';

export class CountWatch {
  readonly #desk: Pick<AlertDesk, 'internal'>;
  readonly #rule: string;
  readonly #describe: (more: number) => string;
  #seen = 0;
  #reported = 0;
  #reportedAt = Number.NEGATIVE_INFINITY;

  /** @param describe sentences about how often it was since the last alert */
  constructor(desk: Pick<AlertDesk, 'internal'>, rule: string, describe: (more: number) => string) {
    this.#desk = desk;
    this.#rule = rule;
    this.#describe = describe;
  }

  /** @param time ms since the epoch */
  update(time: number, count: number): void {
    this.#seen = count;
    if (isDue(time, this.#reportedAt)) this.#report(time);
  }

  /** At the end: reports what waits. */
  finish(): void {
    this.#report(this.#reportedAt);
  }

  #report(time: number): void {
    const more = this.#seen - this.#reported;
    if (more === 0) return;
    this.#reported = this.#seen;
    this.#reportedAt = time;
    this.#desk.internal(this.#rule, 'Critical', `${this.#rule}. ${this.#describe(more)}`);
  }
}
