// The alerts of modules that are set aside and taken back: their texts, and what `wasprey generate --verify` reads in them.

import { seconds } from '../../diagnostics/numbers.ts';

export const SET_ASIDE_RULE = 'Wasprey internal: rule module set aside';
export const TAKEN_BACK_RULE = 'Wasprey internal: rule module taken back';

const TRIED_AGAIN = ' They are tried again after ';

/** @param reason with the kind of failure @param pauseMs undefined: it is not tried again */
export function setAsideText(module: string, reason: string, pauseMs: number | undefined): string {
  const then = pauseMs === undefined ? '' : `${TRIED_AGAIN}${seconds(pauseMs)}.`;
  return `The rules of ${module} are no longer evaluated: ${reason}.${then}`;
}

export function takenBackText(module: string, reason: string, absentMs: number): string {
  return `The rules of ${module} are evaluated again. They were not for ${seconds(absentMs)}: ${reason}.`;
}

/** What such an alert says of a module. */
export interface AbsenceAlert {
  readonly module: string;
  readonly isEvaluated: boolean;
  /** It is tried again. */
  readonly returns: boolean;
}

/** Undefined for all other alerts. @param output the alert's text, behind its time and priority */
export function parseAbsence(rule: string, output: string): AbsenceAlert | undefined {
  if (rule !== SET_ASIDE_RULE && rule !== TAKEN_BACK_RULE) return undefined;
  const isEvaluated = rule === TAKEN_BACK_RULE;
  const state = isEvaluated ? 'evaluated again' : 'no longer evaluated';
  const [, module] = new RegExp(`The rules of (.*) are ${state}`, 's').exec(output) ?? [];
  return module === undefined ? undefined : { module, isEvaluated, returns: output.includes(TRIED_AGAIN) };
}
