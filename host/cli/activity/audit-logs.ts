// Requests to enter pods, from audit logs of an API server.

import { logLines } from '../../audit/events/log-lines.ts';
import { asArray, at } from '../../diagnostics/json-value.ts';
import type { PodRequest } from '../../sessions/pod-request.ts';
import { RequestLog } from '../../sessions/request-log.ts';

/** A line without any of these is about something else, and need not be parsed. */
const WORDS = ['exec', 'attach', 'portforward', 'portForward', 'ephemeralcontainers', 'proxy'].map((word) =>
  Buffer.from(word),
);

export interface ReadRequests {
  readonly requests: readonly PodRequest[];
  /** Lines that are no JSON, or too long. */
  readonly unreadable: number;
}

/** @throws system errors */
export function readRequests(paths: readonly string[]): ReadRequests {
  const log = new RequestLog();
  let unreadable = 0;
  for (const path of paths) {
    for (const { bytes } of logLines(path)) {
      const events = bytes && eventsOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
      if (!events) unreadable++;
      for (const event of events ?? []) log.take(event);
    }
  }
  return { requests: log.requests, unreadable };
}

/** Undefined if it is no JSON. */
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
