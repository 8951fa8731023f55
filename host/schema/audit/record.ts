// The record of an audit event: the header that all records have, and a text for each field that needs no argument. Texts lie behind the
// fixed part: in the event's compact JSON, where they stand in it as they are, else behind that.

import type { EventSource } from '../event-source.ts';
import { EVENT_HEADER } from '../event-structs.ts';
import type { EventType } from '../events/index.ts';
import { defineStruct, MEMBER_SIZES } from '../layout.ts';
import { OBJECT_ROWS } from './object-rows.ts';
import type { AuditRow } from './reading.ts';
import { JSON_ROWS, REQUEST_ROWS } from './request-rows.ts';

/** In the order of the record: further ones come at the end. */
export const AUDIT_ROWS: readonly AuditRow[] = [...REQUEST_ROWS, ...JSON_ROWS, ...OBJECT_ROWS];

/** `ka.target.name` -> `target_name` */
function memberName(row: AuditRow): string {
  return row.name.replace(/^(?:ka|evt)\./, '').replaceAll('.', '_');
}

const STORED = AUDIT_ROWS.filter(({ argument, onDemand }) => argument !== 'key' && !onDemand);

export const AUDIT_EVENT = defineStruct('audit_event', 'an audit event of a Kubernetes API server', [
  ...EVENT_HEADER.members.map(({ name, type, doc }) => ({ name, type, doc })),
  ...STORED.map((row) => ({ name: memberName(row), type: 'string' as const, doc: row.description })),
]);

const HEADER_MEMBERS = EVENT_HEADER.members.length;
/** The rows that have a member, with where it is. */
export const AUDIT_MEMBERS = STORED.map((row, index) => {
  const member = AUDIT_EVENT.members[HEADER_MEMBERS + index];
  if (!member) throw new Error(`${row.name} has no member`);
  return { row, name: member.name, offset: member.offset };
});

const BY_ROW = new Map(AUDIT_MEMBERS.map((member) => [member.row, member]));

/** The member that a field with that argument is in; undefined if it is among the values on demand. */
export function auditMember(row: AuditRow, argument: string | undefined) {
  return argument === undefined ? BY_ROW.get(row) : undefined;
}

/** Behind the fixed part: a string_ref for each value on demand, those of a module side by side. */
export const AUDIT_VALUES_OFFSET = AUDIT_EVENT.size;
export const AUDIT_VALUE_BYTES = MEMBER_SIZES.string.size;

/** The type of all audit events. None of their fields depends on the shape, which is that of a system call. */
export const AUDIT_EVENT_TYPE: EventType = {
  name: 'k8s_audit',
  number: 0xff00,
  shape: 'process',
  category: 'other',
  parameters: [],
};

/** The source of events of that type. */
export function sourceOf(type: EventType): EventSource {
  return type === AUDIT_EVENT_TYPE ? 'k8s_audit' : 'syscall';
}
