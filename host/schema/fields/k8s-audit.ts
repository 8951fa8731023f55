// The fields of audit events: ka.*, jevt.*, json.*, and the fields of the event itself that do not depend on a system call.

import type { AuditRow } from '../audit/reading.ts';
import { AUDIT_ROWS } from '../audit/record.ts';
import { ABSENT } from './derivation.ts';
import { always, decimal, HEADER, text } from './derive.ts';
import { EVENT_FIELDS } from './evt.ts';
import { TIME_FIELDS } from './evt-time.ts';
import type { Field } from './field.ts';

/** The plugin that Falco reads audit events by. */
const PLUGIN = 'k8saudit';

/** Names of fields of any event, which mean the same here. */
const COMMON = /^evt\.(?:num|is_async|hostname|(?:time|datetime|rawtime|reltime)(?:\..*)?)$/;

const RAW_TIME = always(decimal(HEADER.number('time')));

export const AUDIT_FIELDS: readonly Field[] = [
  ...[...EVENT_FIELDS, ...TIME_FIELDS].filter(({ name }) => COMMON.test(name)),
  { name: 'evt.source', type: 'CHARBUF', description: 'Event source: k8s_audit.', source: always(text('k8s_audit')) },
  {
    name: 'evt.pluginname',
    type: 'CHARBUF',
    description: 'Name of the plugin that reads these events in Falco.',
    source: always(text(PLUGIN)),
  },
  { name: 'evt.asynctype', type: 'CHARBUF', description: 'Absent: no audit event has it.', source: always(ABSENT) },
  ...['jevt.rawtime', 'json.rawtime'].map(
    (name): Field => ({
      name,
      type: 'CHARBUF',
      description: 'Nanoseconds since the epoch, as text.',
      source: RAW_TIME,
    }),
  ),
  ...AUDIT_ROWS.map(fieldOf),
];

function fieldOf(row: AuditRow): Field {
  const { name, description, list, argument, reading } = row;
  return {
    name,
    type: 'CHARBUF',
    description,
    source: { from: 'audit', row },
    ...(list && { list }),
    ...(argument === 'index' && { argument: 'optional', argumentKind: 'position' }),
    ...(argument === 'key' && { argument: 'required', argumentKind: 'key' }),
    ...(reading.read === 'pointer' && { emptyArgument: true }),
  };
}
