// The event types that the capture supplies: their number, the shape of their record, their parameters in the order of
// Falco's event table (exit events of schema 4.5; `evt.arg[N]` counts from 0), and the system calls behind them.

import { DESCRIPTOR_EVENTS } from './descriptors.ts';
import type { EventType } from './event-type.ts';
import { FILE_CHANGE_EVENTS } from './file-changes.ts';
import { FILE_EVENTS } from './files.ts';
import { MOUNT_EVENTS } from './mounts.ts';
import { NETWORK_EVENTS } from './network.ts';
import { PROCESS_EVENTS } from './processes.ts';

export type { CallEffect, EventCategory, EventType } from './event-type.ts';

/** The types, by number. */
export const EVENT_TYPES: readonly EventType[] = [
  ...FILE_EVENTS,
  ...FILE_CHANGE_EVENTS,
  ...MOUNT_EVENTS,
  ...NETWORK_EVENTS,
  ...DESCRIPTOR_EVENTS,
  ...PROCESS_EVENTS,
].sort((a, b) => a.number - b.number);

/** Entries of a table by number: 0 is the number of none. */
export const EVENT_TYPE_COUNT = Math.max(...EVENT_TYPES.map(({ number }) => number)) + 1;

const BY_NAME = new Map(EVENT_TYPES.map((type) => [type.name, type]));

/** The event type of that name, or undefined: of Falco's event names only those here are captured. */
export function findEventType(name: string): EventType | undefined {
  return BY_NAME.get(name);
}
