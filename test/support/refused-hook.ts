import type { MissingHook } from '../../host/capture/missing-hooks.ts';

/** A kernel that refuses the program of opens. */
export const OPENS_REFUSED: MissingHook = {
  hook: 'sys_exit',
  program: 'on_open',
  reason: 'program-refused',
  detail: 'EINVAL: Invalid argument: unknown func',
  blinds: ['open', 'openat'],
  ways: ['calls'],
};
