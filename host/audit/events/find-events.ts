// Which values of JSON are audit events: one event, a list as the API server's webhook sends it, or an array of such.

import { type JsonValues, keyOf, NOWHERE } from '../json/values.ts';
import { isZeroTime, timestampOf } from './event-time.ts';

const [KIND, ITEMS, TIMESTAMP] = [keyOf('kind'), keyOf('items'), keyOf('stageTimestamp')];

/** An event in the text that was scanned last. */
export interface FoundEvent {
  /** The number of its value. */
  readonly value: number;
  /** ns since 1970. */
  readonly time: bigint;
}

/** What is not evaluated, and why. */
export type Refusal = 'not-an-event' | 'no-time';

export interface FoundEvents {
  readonly events: readonly FoundEvent[];
  /** Why others were refused. */
  readonly refused: readonly Refusal[];
}

/**
 * Items of a list need no kind of their own. Elements of an array do: one that is not an event is refused alone.
 * @param now in ns since 1970, for events whose time is Go's zero
 */
export function findEvents(values: JsonValues, now: () => bigint): FoundEvents {
  const events: FoundEvent[] = [];
  const refused: Refusal[] = [];
  const take = (value: number): void => {
    const time = values.isObject(value) ? timeOf(values, value, now) : undefined;
    if (time === undefined) refused.push('no-time');
    else events.push({ value, time });
  };
  const look = (value: number): void => {
    if (values.isArray(value)) {
      for (const element of values.elements(value)) look(element);
      return;
    }
    const kind = values.member(value, KIND);
    const name = kind === NOWHERE || !values.isString(kind) ? '' : values.text(kind);
    const items = name === 'EventList' ? values.elements(values.member(value, ITEMS)) : [];
    if (name === 'Event') take(value);
    else if (items.length > 0) for (const item of items) take(item);
    else refused.push('not-an-event');
  };
  look(0);
  return { events, refused };
}

function timeOf(values: JsonValues, event: number, now: () => bigint): bigint | undefined {
  const at = values.member(event, TIMESTAMP);
  if (at === NOWHERE || !values.isString(at)) return undefined;
  const text = values.text(at);
  return isZeroTime(text) ? now() : timestampOf(text);
}
