// What a rule fired on: its alerts by the values of the fields that tell most about them. Alerts with the same values are counted together.

import { type Aspects, fieldsOfAspects } from './aspects.ts';

/** Most groups; later alerts with further values are counted only in all. */
const MOST_GROUPS = 20_000;
/** Longest value in characters: longer ones are not kept, and no exception has them. Clients of an API server may send 200,000. */
const LONGEST_VALUE = 1_024;

/** Alerts with the same values. */
export interface AlertGroup {
  /** Values by the name of the field; absent: the event has no such value. */
  readonly values: ReadonlyMap<string, string>;
  alerts: number;
}

export class AlertGroups {
  readonly #fields: readonly string[];
  readonly #groups = new Map<string, AlertGroup>();
  #alerts = 0;

  constructor(aspects: Aspects) {
    this.#fields = fieldsOfAspects(aspects);
  }

  /** @param read also of other fields, which are not kept */
  add(read: AlertGroup['values']): void {
    this.#alerts++;
    const values = new Map(
      this.#fields.flatMap((name) => {
        const value = read.get(name);
        return value === undefined || value.length > LONGEST_VALUE ? [] : [[name, value]];
      }),
    );
    const key = this.#fields.map((name) => values.get(name) ?? '\0').join('\x01');
    const group = this.#groups.get(key);
    if (group) group.alerts++;
    else if (this.#groups.size < MOST_GROUPS) this.#groups.set(key, { values, alerts: 1 });
  }

  /** All of the rule, those in no group included. */
  get alerts(): number {
    return this.#alerts;
  }

  get groups(): readonly AlertGroup[] {
    return [...this.#groups.values()];
  }
}
