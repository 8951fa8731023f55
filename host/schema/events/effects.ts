// What calls do, and which calls do it: whatever treats a family of calls alike asks here, and names no calls.

import type { CallEffect, EventType } from './event-type.ts';
import { EVENT_TYPES } from './index.ts';

/** Changes of files by calls that do not open them. */
export const FILE_CHANGES = [
  'removes',
  'makes-directory',
  'makes-node',
  'renames',
  'links',
  'links-symbolically',
  'truncates',
  'changes-mode',
  'changes-owner',
  'changes-attributes',
  'changes-times',
] as const satisfies readonly CallEffect[];

export type FileChangeEffect = (typeof FILE_CHANGES)[number];

/** Undefined: no other call does the same. */
export function effectOf({
  shape,
  change,
  does,
}: Pick<EventType, 'shape' | 'change' | 'does'>): CallEffect | undefined {
  if (shape === 'open') return 'opens';
  if (shape === 'exec') return 'runs';
  return change === 'credentials' ? 'changes-credentials' : does;
}

/** The other side of the socket is known: the capture makes the socket the client's end, and so the other side the server. */
export function reachesOut({ name, does }: Pick<EventType, 'name' | 'does'>): boolean {
  return name === 'connect' || does === 'sends';
}

/** The kernel filter never drops sends and receives: of sends only the first to each peer is reported, and receives count for that too. */
export function isFiltered({ does }: Pick<EventType, 'does'>): boolean {
  return does !== 'sends' && does !== 'receives';
}

/** The names of the event types that have any of these effects, by number. */
export function callsThat(...effects: readonly CallEffect[]): readonly string[] {
  const wanted = new Set<CallEffect | undefined>(effects);
  return EVENT_TYPES.filter((type) => wanted.has(effectOf(type))).map(({ name }) => name);
}

/** Calls on which rules are enforced, for the host and the kernel alike: an event type that is added is in its family for both. */
export const ENFORCED_FAMILIES = {
  opens: callsThat('opens'),
  reaches: EVENT_TYPES.filter(reachesOut).map(({ name }) => name),
} as const;
