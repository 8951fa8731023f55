// Whether the agent is alive, and whether it watches.

import type { HookSummary } from '../../agent/watches/hook-watch.ts';
import { describeLoss, type ImageSummary } from '../../agent/watches/image-watch.ts';
import { describeReason } from '../../capture/missing-hooks.ts';
import type { EngineSign } from '../../engine/engine.ts';

export interface Health {
  /** False: only a restart helps. */
  readonly alive: boolean;
  /** Events are captured and evaluated. */
  readonly started: boolean;
  /** Events are captured, all rules are in use, and none is blind because of a missing hook, unless the configuration allows that. */
  readonly ready: boolean;
  /** The reason if one of these is false. */
  readonly reason: string;
  /** What is not as it should be, though the agent is ready. */
  readonly detail?: string;
}

const DOWN = { alive: false, started: false, ready: false } as const;

/** Ten times what is usual: a machine may be busy. */
const LONGEST_SILENCE_MS = 10_000;
/** How long the last loss of process images is shown after it ended. */
const LOSS_SHOWN_MS = 10 * 60_000;
/** For compiling the rules, and for loading the BPF programs. */
const LONGEST_START_MS = 300_000;

export function describeLeftOut(error: string): string {
  return `a part of the rule files is invalid and left out: ${error}`;
}

/**
 * @param sign undefined while the agent starts
 * @param startingMs how long it has been starting
 * @param failures further reasons why it is not ready
 * @param now ms since the epoch, the clock of losses
 */
export function healthOf(
  sign: EngineSign | undefined,
  startingMs: number,
  hooks: HookSummary | undefined = undefined,
  failures: readonly string[] = [],
  images: ImageSummary | undefined = undefined,
  now = Date.now(),
): Health {
  if (!sign) return { ...DOWN, alive: startingMs < LONGEST_START_MS, reason: 'it is starting' };
  if (!sign.running) return { ...DOWN, reason: 'the engine has stopped' };
  if (sign.silentMs < LONGEST_SILENCE_MS) {
    const reasons = [...failures, ...(hooks ? blindness(hooks) : [])];
    const last = images?.last;
    const detail = last && now - last.to < LOSS_SHOWN_MS ? { detail: describeLoss(last) } : undefined;
    return { alive: true, started: true, ready: reasons.length === 0, reason: reasons.join('; '), ...detail };
  }
  const reason = `the engine has not responded for ${Math.floor(sign.silentMs / 1000)} s`;
  return { ...DOWN, reason };
}

function blindness({ needed, blindRules, isAllowed }: HookSummary): string[] {
  if (isAllowed || blindRules.length === 0) return [];
  const reasons = needed.map(describeReason);
  return [`${blindRules.length} of the rules are blind to some events: ${reasons.join('; ')}`];
}
