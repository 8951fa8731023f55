// The alerts of modules that are set aside and taken back: their texts, and their fields, which `wasprey generate --verify` reads.

import { seconds } from '../../diagnostics/numbers.ts';
import { type KeyedValue, keyedTexts } from '../../outputs/message.ts';

export const SET_ASIDE_RULE = 'Wasprey internal: rule module set aside';
export const TAKEN_BACK_RULE = 'Wasprey internal: rule module taken back';

const FIELD = { module: 'module', failure: 'failure', pause: 'tried_after_ms' } as const;

/** @param reason with the kind of failure @param pauseMs undefined: it is not tried again */
export function setAsideText(module: string, reason: string, pauseMs: number | undefined): string {
  const then = pauseMs === undefined ? '' : ` They are tried again after ${seconds(pauseMs)}.`;
  return `The rules of ${module} are no longer evaluated: ${reason}.${then}`;
}

export function takenBackText(module: string, reason: string, absentMs: number): string {
  return `The rules of ${module} are evaluated again. They were not for ${seconds(absentMs)}: ${reason}.`;
}

/** @param pauseMs undefined: it is not tried again, or was taken back */
export function absenceFields(module: string, failure: string, pauseMs?: number): KeyedValue[] {
  const fields = {
    [FIELD.module]: module,
    [FIELD.failure]: failure,
    ...(pauseMs !== undefined && { [FIELD.pause]: String(pauseMs) }),
  };
  return keyedTexts(fields);
}

/** What such an alert says of a module. */
export interface AbsenceAlert {
  readonly module: string;
  readonly isEvaluated: boolean;
  /** It is tried again. */
  readonly returns: boolean;
}

/** Undefined for all other alerts. @param fields those of the alert, `output_fields` in JSON */
export function readAbsence(rule: string, fields: ReadonlyMap<string, string>): AbsenceAlert | undefined {
  if (rule !== SET_ASIDE_RULE && rule !== TAKEN_BACK_RULE) return undefined;
  const module = fields.get(FIELD.module);
  if (module === undefined) return undefined;
  return { module, isEvaluated: rule === TAKEN_BACK_RULE, returns: fields.has(FIELD.pause) };
}
