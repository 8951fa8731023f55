// Which hooks a capture uses for system calls: one at the end of all calls, or one at the exit of each call that is needed.

import { loadAddon } from './addon.ts';
import type { HooksKind } from './native.ts';
import { type PreemptionFacts, preemption, readPreemptionFacts } from './preemption.ts';

/** `engine.wasprey.hooks`. `auto` is `sys_exit`, because `fexit` does not see the calls that seccomp refuses, and takes 0.15 s for each function to detach. */
export type HooksSetting = 'auto' | HooksKind;

/** `fexit` is asked for, and can't be relied on here. */
export class HooksError extends Error {
  override readonly name = 'HooksError';
  readonly code = 'CAPTURE_HOOKS';
}

/** The hooks of a setting. Throws HooksError; whether the kernel accepts them is known when the capture starts. */
export function hooksOf(setting: HooksSetting, facts: () => PreemptionFacts = readPreemptionFacts): HooksKind {
  if (setting !== 'fexit') return 'sys_exit';
  const lack = preemption(facts());
  if (lack === undefined) return setting;
  throw new HooksError(
    `engine.wasprey.hooks is fexit, but ${lack}: while such a program is preempted, the kernel skips it for other processes on that CPU, and misses their calls. Use sys_exit.`,
  );
}

/** Why `fexit` can't be used here, a clause; undefined: it can. */
export function lackOfFexit(): string | undefined {
  return preemption(readPreemptionFacts()) ?? loadAddon().lackOfFexit();
}

/** What `fexit` does not see, for people. */
export const UNSEEN_BY_FEXIT =
  'calls that seccomp or a tracer refuses or answers, calls that the kernel lacks, and calls that had begun before the agent, or before rules that need them';

/** A clause for people. */
export function describeHooks(kind: HooksKind): string {
  return kind === 'fexit' ? 'fexit, at the exits of the calls that are needed' : 'sys_exit, at the end of all calls';
}
