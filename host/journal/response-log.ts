// What was done about alerts, kept beside what happened.

import { number, object, optional, type Shape, text, type ValueOf } from '../diagnostics/json-shape.ts';
import { JsonLog, readJsonLog } from './json-log.ts';

/** ms since the epoch that Date has. */
const time: Shape<number> = (json) => {
  const milliseconds = number(json);
  return milliseconds === undefined || Number.isNaN(new Date(milliseconds).getTime()) ? undefined : milliseconds;
};

/** One response to an alert. */
const RESPONSE = object({
  /** When it had ended, in ms since the epoch. */
  time,
  rule: text,
  /** Its name. */
  response: text,
  action: text,
  /** done, observed, failed, or why it was refused. */
  outcome: text,
  /** What was done, to what and how long it took, or why not: as the alert has it. */
  text,
  pid: optional(number),
  /** Full id; empty on the host. */
  container: optional(text),
  /** `namespace/name`. */
  pod: optional(text),
});

export type ResponseRecord = Readonly<ValueOf<typeof RESPONSE>>;

const NAME = 'responses';

export class ResponseLog extends JsonLog<ResponseRecord> {
  /** @param onFailure called for each write that fails: its records are missing then */
  constructor(folder: string, onFailure: (error: unknown) => void, mostBytes?: number) {
    super(folder, NAME, onFailure, mostBytes);
  }
}

/** The records of a journal's folder, oldest first. An incomplete line is left out. */
export function readResponseLog(folder: string): Promise<ResponseRecord[]> {
  return readJsonLog(folder, NAME, RESPONSE);
}
