// System calls that change a process but are not events: its image must be updated anyway.

import type { ProcessChange } from './event-type.ts';

export interface ChangingCall {
  /** System calls by their names in call-numbers.ts. */
  readonly calls: readonly string[];
  readonly change: ProcessChange;
}

export const CHANGING_CALLS: readonly ChangingCall[] = [
  { calls: ['setreuid', 'setreuid32'], change: 'credentials' },
  { calls: ['setregid', 'setregid32'], change: 'credentials' },
  { calls: ['setresgid', 'setresgid32'], change: 'credentials' },
  { calls: ['capset'], change: 'credentials' },
  { calls: ['chdir'], change: 'place' },
  { calls: ['fchdir'], change: 'place' },
  { calls: ['chroot'], change: 'place' },
];
