// Alerts as the agent under test prints them.

import { asObject, asText, asTexts } from '../diagnostics/json-value.ts';

/** The used part of an alert in JSON, the same in Wasprey and Falco. */
export interface SeenAlert {
  readonly rule: string;
  readonly fields: ReadonlyMap<string, string>;
  /** All its text, which is searched for the marker. */
  readonly text: string;
}

/** Parses an alert from a line of JSON; undefined if it is not an alert. */
export function parseAlert(line: string): SeenAlert | undefined {
  try {
    const alert = asObject(JSON.parse(line));
    const rule = asText(alert?.rule);
    if (rule === undefined) return undefined;
    return { rule, fields: asTexts(alert?.output_fields), text: line };
  } catch {
    return undefined;
  }
}
