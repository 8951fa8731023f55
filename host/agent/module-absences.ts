// Modules that are set aside: reports when one is, and when it is evaluated again.

import { seconds } from '../diagnostics/numbers.ts';
import type { AlertDesk } from './alert-desk.ts';

const SET_ASIDE_RULE = 'Wasprey internal: rule module set aside';
const TAKEN_BACK_RULE = 'Wasprey internal: rule module taken back';

/** Past absences that are remembered. */
const REMEMBERED = 100;

/** A time in which a module is not evaluated. Times are ms since the epoch. */
export interface ModuleAbsence {
  readonly module: string;
  readonly failure: string;
  readonly reason: string;
  readonly from: number;
  /** When it is tried again; absent: never. */
  readonly again?: number;
  /** When it was evaluated again, or its rules were replaced. Absent: it is still set aside. */
  readonly to?: number;
}

export interface AbsenceSummary {
  /** The latest, oldest first. */
  readonly list: readonly ModuleAbsence[];
  /** All so far. */
  readonly count: number;
  /** Their time, in ms. */
  readonly milliseconds: number;
}

export class ModuleAbsences {
  readonly #desk: Pick<AlertDesk, 'internal'>;
  readonly #onTrouble: (message: string) => void;
  /** The current ones by module. */
  readonly #current = new Map<string, ModuleAbsence>();
  #past: ModuleAbsence[] = [];
  #pastMs = 0;
  #count = 0;

  constructor(desk: Pick<AlertDesk, 'internal'>, onTrouble: (message: string) => void) {
    this.#desk = desk;
    this.#onTrouble = onTrouble;
  }

  /** A module has failed while it ran. @param pauseMs after which it is tried again; absent: never */
  begin(module: string, failure: string, reason: string, pauseMs?: number): void {
    const from = Date.now();
    // If it fails again while it is being taken back, it was never evaluated in between.
    const before = this.#current.get(module)?.from ?? from;
    const again = pauseMs === undefined ? {} : { again: from + pauseMs };
    this.#current.set(module, { module, failure, reason, from: before, ...again });
    this.#count++;
    const then = pauseMs === undefined ? '' : ` They are tried again after ${seconds(pauseMs)}.`;
    this.#report(
      SET_ASIDE_RULE,
      'Critical',
      `The rules of ${module} are no longer evaluated: ${reason} (${failure}).${then}`,
    );
  }

  /** It is evaluated again. */
  end(module: string): void {
    const absence = this.#current.get(module);
    if (!absence) return;
    const to = this.#close(absence);
    this.#report(
      TAKEN_BACK_RULE,
      'Notice',
      `The rules of ${module} are evaluated again. They were not for ${seconds(to - absence.from)}: ${absence.reason} (${absence.failure}).`,
    );
  }

  /** The rules were replaced: whatever was set aside is no longer in use. */
  endAll(): void {
    for (const absence of this.#current.values()) this.#close(absence);
  }

  get summary(): AbsenceSummary {
    const current = [...this.#current.values()];
    const now = Date.now();
    return {
      list: [...this.#past, ...current],
      count: this.#count,
      milliseconds: current.reduce((sum, { from }) => sum + Math.max(0, now - from), this.#pastMs),
    };
  }

  #close(absence: ModuleAbsence): number {
    // The clock may have been set back.
    const to = Math.max(Date.now(), absence.from);
    this.#current.delete(absence.module);
    this.#past = [...this.#past, { ...absence, to }].slice(-REMEMBERED);
    this.#pastMs += to - absence.from;
    return to;
  }

  #report(rule: string, priority: 'Critical' | 'Notice', message: string): void {
    this.#desk.internal(rule, priority, message);
    this.#onTrouble(message);
  }
}
