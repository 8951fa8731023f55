// Request bodies for receivers of alerts: Falco's line, Alertmanager's alerts, OpenTelemetry's log records.

import { quote } from '../../diagnostics/escape.ts';
import { valueText } from '../../fields/text.ts';
import { jsonTime } from '../../fields/time.ts';
import { decode, type FieldValue } from '../../fields/value.ts';
import type { Priority } from '../../schema/priority.ts';
import { type Alert, type AlertFormat, alertLine, MODULE_FIELD } from '../alert.ts';
import { object, valueJson } from '../json.ts';
import type { PostFormat } from './post-output.ts';

const JSON_TYPE = 'application/json';

/** One alert a request, as Falco posts it: for Falcosidekick and other receivers of Falco. */
export function falcoFormat(json: boolean, format: AlertFormat): PostFormat {
  return {
    contentType: json ? JSON_TYPE : 'text/plain',
    atOnce: 1,
    encode: (alert) => alertLine(alert, { json, format }),
    body: (encoded) => Buffer.concat(encoded),
  };
}

/** Most alerts in one request, so that a backlog needs few requests. */
const BATCH = 64;

/** Fields that distinguish alerts for Alertmanager: the actor, not the object. */
const LABEL_FIELDS = ['k8s.ns.name', 'k8s.pod.name', 'container.name', 'container.id'];

/**
 * For POST /api/v2/alerts. An alert expires after `expiryMs` unless it is raised again, because events have no end of their own.
 * @param labels added to each
 */
export function alertmanagerFormat(labels: ReadonlyMap<string, string>, expiryMs: number): PostFormat {
  return {
    contentType: JSON_TYPE,
    atOnce: BATCH,
    encode(alert) {
      const all: [string, string][] = [
        ['alertname', alert.rule],
        ['priority', alert.priority],
        ['source', alert.source],
        ['hostname', alert.hostname],
        ...fieldsNamed(alert, LABEL_FIELDS),
        ...[...labels].map(([name, value]): [string, string] => [labelName(name), value]),
      ];
      const ends = alert.time + BigInt(expiryMs) * 1_000_000n;
      return object([
        ['labels', texts(all)],
        [
          'annotations',
          texts([['summary', alert.rule], ['description', alert.message], ...fieldsNamed(alert, [MODULE_FIELD])]),
        ],
        ['startsAt', quote(jsonTime(alert.time))],
        ['endsAt', quote(jsonTime(ends))],
      ]);
    },
    body: (encoded) => Buffer.from(`[${encoded.join(',')}]`),
  };
}

/** For POST /v1/logs, the JSON encoding of OTLP. */
export function otlpFormat(resource: ReadonlyMap<string, string>): PostFormat {
  const head = `{"resourceLogs":[{"resource":{"attributes":${attributes([...resource].map(([key, value]) => [key, quote(value)]))}},"scopeLogs":[{"scope":{"name":"wasprey"},"logRecords":[`;
  return {
    contentType: JSON_TYPE,
    atOnce: BATCH,
    encode(alert) {
      const tags = alert.tags ? [['rule.tags', quote([...alert.tags].sort().join(','))] as const] : [];
      const fields = alert.fields.map(({ key, value }) => [key, attributeJson(value)] as const);
      return object([
        ['timeUnixNano', quote(String(alert.time))],
        ['severityNumber', String(severityOf(alert.priority))],
        ['severityText', quote(alert.priority)],
        ['body', `{"stringValue":${quote(alert.message)}}`],
        [
          'attributes',
          attributes([
            ['rule.name', quote(alert.rule)],
            ['event.source', quote(alert.source)],
            ['host.name', quote(alert.hostname)],
            ...tags,
            ...fields,
          ]),
        ],
      ]);
    },
    body: (encoded) => Buffer.from(`${head}${encoded.join(',')}]}]}]}`),
  };
}

/** Keys and JSON strings; pairs with `undefined` are omitted. */
function attributes(pairs: readonly (readonly [key: string, json: string | undefined])[]): string {
  const items = pairs.flatMap(([key, json]) =>
    json === undefined ? [] : [`{"key":${quote(key)},"value":{"stringValue":${json}}}`],
  );
  return `[${items.join(',')}]`;
}

/** Numbers are texts too: an OTLP attribute has one type, and a field may be absent or larger than an int64. */
function attributeJson(value: FieldValue | undefined): string | undefined {
  if (!value) return undefined;
  const json = valueJson(value);
  return json.startsWith('"') ? json : quote(textOf(value));
}

function textOf(value: FieldValue): string {
  return decode(valueText(value));
}

function texts(pairs: readonly (readonly [string, string])[]): string {
  return object(pairs.map(([key, value]) => [key, quote(value)]));
}

/** The alert's fields among these, as label names and values. */
function fieldsNamed({ fields }: Alert, names: readonly string[]): [string, string][] {
  return fields.flatMap(({ key, value }) => (value && names.includes(key) ? [[labelName(key), textOf(value)]] : []));
}

/** A label name may only have letters, digits and underscores. */
function labelName(key: string): string {
  return key.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_');
}

/** Severity numbers of the log data model of OpenTelemetry: 5 DEBUG, 9 INFO, 13 WARN, 17 ERROR, 21 FATAL, with steps between. */
const SEVERITIES: Readonly<Record<Priority, number>> = {
  Emergency: 24,
  Alert: 22,
  Critical: 21,
  Error: 17,
  Warning: 13,
  Notice: 10,
  Informational: 9,
  Debug: 5,
};

function severityOf(priority: Priority): number {
  return SEVERITIES[priority];
}
