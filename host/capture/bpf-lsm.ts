// Whether this kernel runs programs of BPF LSM, which can refuse opens and execs.

import { loadAddon } from './addon.ts';

let known: { readonly lack: string | undefined } | undefined;

/** Why it does not; undefined: it does. It is tried once. */
export function lackOfBpfLsm(): string | undefined {
  known ??= { lack: loadAddon().lackOfBpfLsm() };
  return known.lack;
}
