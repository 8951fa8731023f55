// What a rule fired on: its alerts by the values of the fields that tell most about them. Alerts with the same values are counted together.

import { readField } from '../../fields/read.ts';
import { valueText } from '../../fields/text.ts';
import { decode } from '../../fields/value.ts';
import type { Field } from '../../schema/fields/field.ts';
import { resolveField } from '../../schema/fields/index.ts';
import type { OriginatedMatch } from '../backtest/origin.ts';

/** Fields by what they say. Of each aspect an exception has one field at most; the first is the most exact. */
export const ASPECTS = {
  program: ['proc.exepath', 'proc.name'],
  parent: ['proc.pname'],
  object: ['fd.name', 'fs.path.name', 'fd.directory', 'fd.sport'],
  image: ['container.image.repository'],
  namespace: ['k8s.ns.name'],
  user: ['user.name'],
} as const;

const FIELDS: readonly string[] = Object.values(ASPECTS).flat();

/** Most groups; later alerts with further values are counted only in all. */
const MOST_GROUPS = 20_000;

/** Alerts with the same values. */
export interface AlertGroup {
  /** By the name of the field; absent: the event has no such value. */
  readonly values: ReadonlyMap<string, string>;
  alerts: number;
}

interface ReadableField {
  readonly name: string;
  readonly field: Field;
  readonly argument: string | undefined;
}

const READABLE: readonly ReadableField[] = FIELDS.map((name) => {
  const resolved = resolveField(name);
  if (!resolved.ok) throw new Error(`no field ${name}: ${resolved.reason}`);
  return { name, field: resolved.field, argument: resolved.argument };
});

export class AlertGroups {
  readonly #groups = new Map<string, AlertGroup>();
  #alerts = 0;

  add({ record, context }: OriginatedMatch): void {
    this.#alerts++;
    const values = new Map<string, string>();
    for (const { name, field, argument } of READABLE) {
      const value = readField(record, field, argument, context);
      if (value) values.set(name, decode(valueText(value)));
    }
    const key = FIELDS.map((name) => values.get(name) ?? '\0').join('\x01');
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
