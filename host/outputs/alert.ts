// An alert, and its two forms: a line of text and a line of JSON, as Falco writes them.

import { escapeText, quote } from '../diagnostics/escape.ts';
import { iso8601, jsonTime, timeOfDay } from '../fields/time.ts';
import type { Priority } from '../schema/priority.ts';
import { object, valueJson } from './json.ts';
import { type KeyedValue, renderFields } from './message.ts';

/** Field of an alert that identifies its rule's module: `sha256:` and the hash of the module's bytes. */
export const MODULE_FIELD = 'wasprey.module';

/** Field of an alert with the name of the file of its capture. */
export const CAPTURE_FIELD = 'wasprey.capture';

/** Field of an alert with what the agent has done about it. */
export const RESPONSE_FIELD = 'wasprey.response';

export interface Alert {
  /** ns since the epoch. */
  readonly time: bigint;
  readonly rule: string;
  readonly priority: Priority;
  /** `syscall`, or `internal` for internal alerts. */
  readonly source: string;
  /** Undefined for internal alerts. */
  readonly tags: readonly string[] | undefined;
  readonly hostname: string;
  /** The rule's output with its fields filled in; not escaped. */
  readonly message: string;
  readonly fields: readonly KeyedValue[];
  /** For the page alone. Absent of internal alerts, and of some when there are many. */
  readonly details?: readonly KeyedValue[];
}

/** Format options of Falco's configuration, with its defaults. */
export interface AlertFormat {
  /** time_format_iso_8601 */
  readonly isoTime: boolean;
  /** json_include_output_property */
  readonly includeOutput: boolean;
  /** json_include_message_property */
  readonly includeMessage: boolean;
  /** json_include_output_fields_property */
  readonly includeOutputFields: boolean;
  /** json_include_tags_property */
  readonly includeTags: boolean;
}

export const DEFAULT_FORMAT: AlertFormat = {
  isoTime: false,
  includeOutput: true,
  includeMessage: false,
  includeOutputFields: true,
  includeTags: true,
};

/** One line without its end, in either form. */
export function alertLine(
  alert: Alert,
  { json, format }: { readonly json: boolean; readonly format: AlertFormat },
): string {
  return json ? jsonLine(alert, format) : textLine(alert, format);
}

/** `16:31:56.746609046: Notice message`; one line, without its end. */
export function textLine(alert: Alert, format: AlertFormat = DEFAULT_FORMAT): string {
  const line = withPrefix(alert, format);
  // The message of a rule contains its fields already.
  const isBare = alert.source !== 'internal' || alert.fields.length === 0;
  return escapeText(isBare ? line : `${line} (${renderFields(alert.fields).trimStart()})`);
}

/** One line, without its end. */
export function jsonLine(alert: Alert, format: AlertFormat = DEFAULT_FORMAT): string {
  const members: [string, string][] = [
    ['hostname', quote(alert.hostname)],
    ['priority', quote(alert.priority)],
    ['rule', quote(alert.rule)],
    ['source', quote(alert.source)],
    ['time', quote(jsonTime(alert.time))],
  ];
  if (format.includeOutput) members.push(['output', quote(withPrefix(alert, format))]);
  if (format.includeMessage) members.push(['message', quote(alert.message)]);
  if (format.includeOutputFields) members.push(['output_fields', outputFields(alert, format)]);
  if (format.includeTags && alert.tags) members.push(['tags', `[${[...alert.tags].sort().map(quote).join(',')}]`]);
  return object(members);
}

/** The object with the template's fields and the event's time. */
export function outputFields(alert: Alert, format: AlertFormat = DEFAULT_FORMAT): string {
  const members = alert.fields.map(({ key, value }): [string, string] => [key, valueJson(value)]);
  if (alert.source !== 'internal') members.push([format.isoTime ? 'evt.time.iso8601' : 'evt.time', String(alert.time)]);
  return object(members);
}

function withPrefix(alert: Alert, format: AlertFormat): string {
  const time = format.isoTime ? iso8601(alert.time) : timeOfDay(alert.time);
  return `${time}: ${alert.priority} ${alert.message}`;
}
