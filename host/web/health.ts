// Whether the agent lives, and whether it watches.

import type { EngineSign } from '../engine/engine.ts';

export interface Health {
  /** False: only a new start helps. */
  readonly alive: boolean;
  /** Events are captured and evaluated. */
  readonly ready: boolean;
  /** Why it is not alive or not ready. */
  readonly reason: string;
}

/** Ten times what is usual: a machine may be busy. */
const LONGEST_SILENCE_MS = 10_000;
/** For compiling the rules, and for loading the BPF programs. */
const LONGEST_START_MS = 180_000;

/**
 * @param sign undefined while the agent starts
 * @param startingMs how long it has been starting
 */
export function healthOf(sign: EngineSign | undefined, startingMs: number): Health {
  if (!sign) return { alive: startingMs < LONGEST_START_MS, ready: false, reason: 'it is starting' };
  if (!sign.running) return { alive: false, ready: false, reason: 'the engine has ended' };
  if (sign.silentMs < LONGEST_SILENCE_MS) return { alive: true, ready: true, reason: '' };
  const reason = `the engine has not given a sign for ${Math.floor(sign.silentMs / 1000)} s`;
  return { alive: false, ready: false, reason };
}
