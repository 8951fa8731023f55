// Outcomes as alerts show them.

import type { Outcome } from './action.ts';

/** `wasprey.response`: one line. */
export function outcomeText(name: string, outcome: Outcome): string {
  return `${name}: ${described(outcome)}`;
}

function described(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'done':
      // What the kernel does is done within the call.
      return outcome.milliseconds === 0 ? outcome.what : `${outcome.what} (${time(outcome.milliseconds)})`;
    case 'observed':
      return `observe: would ${outcome.what}`;
    case 'refused':
      return `not done, ${outcome.why}: ${outcome.detail}`;
    case 'failed':
      return `failed: ${outcome.what}: ${outcome.reason} (${time(outcome.milliseconds)})`;
  }
}

function time(milliseconds: number): string {
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
}

/** For counters: the kind, and of what was refused the reason. */
export function outcomeName(outcome: Outcome): string {
  return outcome.kind === 'refused' ? outcome.why : outcome.kind;
}
