// Sources of fields that live events can't supply, each with the reason that compiler and reference give.

import type { FieldSource } from './field.ts';

/** `why` completes "it is always absent: ...". */
export function unavailable(why: string): FieldSource {
  return { from: 'none', why };
}

export const RETIRED = unavailable('Falco has retired it');
export const TABLE_ONLY = unavailable('conditions and outputs may not use it');
export const NOT_SYSCALLS = unavailable('only events of plugins have it, and plugins are not supported');
