// Says when events or matches were lost: an internal alert, at most one in half a minute, as Falco does it.

import type { EngineCounters } from '../engine/protocol.ts';
import { text } from '../fields/value.ts';
import type { KeyedValue } from '../outputs/message.ts';
import type { AlertDesk } from './alert-desk.ts';

const ALERT_EVERY_MS = 30_000;
export const DROP_RULE = 'Wasprey internal: syscall event drop';

interface Totals {
  readonly produced: number;
  readonly dropped: number;
  readonly matchesDropped: number;
}

export class DropWatch {
  readonly #desk: AlertDesk;
  #told: Totals = { produced: 0, dropped: 0, matchesDropped: 0 };
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(desk: AlertDesk) {
    this.#desk = desk;
  }

  update({ capture, matchesDropped }: EngineCounters): void {
    const dropsAndMisses = sum(capture.dropped) + capture.missedRuns;
    const now: Totals = { produced: sum(capture.produced), dropped: dropsAndMisses, matchesDropped };
    const dropped = now.dropped - this.#told.dropped;
    const matches = now.matchesDropped - this.#told.matchesDropped;
    if (dropped + matches === 0 || performance.now() - this.#toldAt < ALERT_EVERY_MS) return;
    const events = now.produced - this.#told.produced;
    this.#told = now;
    this.#toldAt = performance.now();
    const fields = { n_evts: events, n_drops: dropped, n_matches_dropped: matches };
    // Falco gives these numbers as texts.
    const values = Object.entries(fields).map(([key, value]): KeyedValue => ({ key, value: text(String(value)) }));
    const list = Object.entries(fields).map(([key, value]) => `${key}=${value}`);
    this.#desk.internal(
      DROP_RULE,
      'Debug',
      `${DROP_RULE}. ${dropped} system calls dropped. (${list.join(' ')})`,
      values,
    );
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
