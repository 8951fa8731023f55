// Whether this kernel runs programs of BPF LSM, which can refuse opens and execs.

import { loadAddon } from './addon.ts';
import type { BpfLsmCause } from './native-addon.ts';

export interface BpfLsmLack {
  readonly cause: BpfLsmCause;
  /** For people, a clause. */
  readonly text: string;
}

let known: { readonly lack: BpfLsmLack | undefined } | undefined;

/** Why the kernel does not run programs of BPF LSM; undefined: it does. It is tried once. */
export function bpfLsmLack(): BpfLsmLack | undefined {
  if (!known) {
    const [cause, text] = loadAddon().lackOfBpfLsm() ?? [];
    known = { lack: cause && text !== undefined ? { cause, text } : undefined };
  }
  return known.lack;
}

/** Why the kernel does not run programs of BPF LSM, as a clause for people. */
export function lackOfBpfLsm(): string | undefined {
  return bpfLsmLack()?.text;
}
