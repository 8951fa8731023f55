// Requests to enter pods, from audit logs of an API server.

import { statSync } from 'node:fs';
import { logLines } from '../../audit/events/log-lines.ts';
import { asArray, at } from '../../diagnostics/json-value.ts';
import { sum } from '../../diagnostics/numbers.ts';
import { ifThere } from '../../recording/byte-source.ts';
import { ENTERING_SUBRESOURCES, type PodRequest } from '../../sessions/pod-request.ts';
import { RequestLog } from '../../sessions/request-log.ts';

/** A line without any of these is about something else, and need not be parsed. */
const WORDS = ENTERING_SUBRESOURCES.map((word) => Buffer.from(word));

export interface ReadRequests {
  readonly requests: readonly PodRequest[];
  /** Lines that are no JSON, or too long. */
  readonly unreadable: number;
}

/**
 * @param kept files of a journal, which may be missing, or be renamed by its agent meanwhile
 * @throws system errors
 */
export function readRequests(paths: readonly string[], kept: readonly string[] = []): ReadRequests {
  const log = new RequestLog();
  const unreadable = [
    ...kept.map((path) => ifThere(() => readLog(path, log)) ?? 0),
    ...paths.map((path) => readLog(path, log)),
  ];
  return { requests: log.requests, unreadable: sum(unreadable) };
}

/** @returns how many lines can't be read */
function readLog(path: string, log: RequestLog): number {
  // A pipe would be read twice: its beginning would be missing.
  if (!statSync(path).isFile()) throw new Error('it is not a regular file');
  let unreadable = 0;
  for (const { bytes } of logLines(path)) {
    const events = bytes && eventsOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    if (!events) unreadable++;
    for (const event of events ?? []) log.take(event);
  }
  return unreadable;
}

/** Undefined when not JSON. */
function eventsOf(line: Buffer): readonly unknown[] | undefined {
  if (!WORDS.some((word) => line.includes(word))) return [];
  let value: unknown;
  try {
    value = JSON.parse(line.toString('utf8'));
  } catch {
    return undefined;
  }
  const values = Array.isArray(value) ? value : [value];
  return values.flatMap((one) => (at(one, 'kind') === 'EventList' ? asArray(at(one, 'items')) : [one]));
}
