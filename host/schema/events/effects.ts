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

/** The names of the event types that have any of these effects, by number. */
export function callsThat(...effects: readonly CallEffect[]): readonly string[] {
  const wanted = new Set<CallEffect | undefined>(effects);
  return EVENT_TYPES.filter((type) => wanted.has(effectOf(type))).map(({ name }) => name);
}
