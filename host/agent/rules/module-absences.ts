// Modules that are set aside: reports when one is, and when it is evaluated again.

import type { SetAside } from '../../engine/messages/protocol.ts';
import type { KeyedValue } from '../../outputs/message.ts';
import type { AlertDesk } from '../alerts/alert-desk.ts';
import { absenceFields, SET_ASIDE_RULE, setAsideText, TAKEN_BACK_RULE, takenBackText } from './absence-alerts.ts';

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

/** One that lasts, and the rule set of its module. */
interface Current {
  readonly generation: number;
  readonly absence: ModuleAbsence;
}

export class ModuleAbsences {
  readonly #desk: Pick<AlertDesk, 'internal'>;
  readonly #onTrouble: (message: string) => void;
  /** The current ones by module. */
  readonly #current = new Map<string, Current>();
  #past: ModuleAbsence[] = [];
  #pastMs = 0;
  #count = 0;

  constructor(desk: Pick<AlertDesk, 'internal'>, onTrouble: (message: string) => void) {
    this.#desk = desk;
    this.#onTrouble = onTrouble;
  }

  /** A module has failed while it ran. */
  begin({ generation, module, failure, reason, pauseMs }: SetAside): void {
    this.#endEarlier(module, generation);
    const now = Date.now();
    // If it fails again while it is being taken back, it was never evaluated in between.
    const from = this.#current.get(module)?.absence.from ?? now;
    const again = pauseMs === undefined ? {} : { again: now + pauseMs };
    this.#current.set(module, { generation, absence: { module, failure, reason, from, ...again } });
    this.#count++;
    const message = setAsideText(module, `${reason} (${failure})`, pauseMs);
    this.#report(SET_ASIDE_RULE, 'Critical', message, absenceFields(module, failure, pauseMs));
  }

  /** It is evaluated again. */
  end(generation: number, module: string): void {
    const current = this.#current.get(module);
    if (current?.generation !== generation) return;
    const { absence } = current;
    const to = this.#close(absence);
    const { reason, failure, from } = absence;
    const message = takenBackText(module, `${reason} (${failure})`, to - from);
    this.#report(TAKEN_BACK_RULE, 'Notice', message, absenceFields(module, failure));
  }

  /** Rule sets before that one are no longer in use, nor is what was set aside of them. */
  endBefore(generation: number): void {
    for (const module of this.#current.keys()) this.#endEarlier(module, generation);
  }

  get summary(): AbsenceSummary {
    const current = [...this.#current.values()].map(({ absence }) => absence);
    const now = Date.now();
    return {
      list: [...this.#past, ...current],
      count: this.#count,
      milliseconds: current.reduce((sum, { from }) => sum + Math.max(0, now - from), this.#pastMs),
    };
  }

  /** A module of the same name may be in the next set. */
  #endEarlier(module: string, generation: number): void {
    const current = this.#current.get(module);
    if (current && current.generation < generation) this.#close(current.absence);
  }

  #close(absence: ModuleAbsence): number {
    // The clock may have been set back.
    const to = Math.max(Date.now(), absence.from);
    this.#current.delete(absence.module);
    this.#past = [...this.#past, { ...absence, to }].slice(-REMEMBERED);
    this.#pastMs += to - absence.from;
    return to;
  }

  #report(rule: string, priority: 'Critical' | 'Notice', message: string, fields: readonly KeyedValue[]): void {
    this.#desk.internal(rule, priority, message, fields);
    this.#onTrouble(message);
  }
}
