// The value of a field of an audit event, read from its record for an alert, by the same description that conditions are compiled from.

import type { ReadContext } from '../fields/context.ts';
import { readDerivation } from '../fields/derived.ts';
import type { EventMemory } from '../fields/memory.ts';
import { StructRecord } from '../fields/record.ts';
import { renderedField } from '../fields/rendered.ts';
import { type Absent, type FieldValue, splitAtNul, text } from '../fields/value.ts';
import { AUDIT_EVENT_TYPE, AUDIT_VALUE_BYTES, AUDIT_VALUES_OFFSET, auditMember } from '../schema/audit/record.ts';
import { EVENT_HEADER } from '../schema/event-structs.ts';
import { namedAuditField } from './named-field.ts';

/** What derivations read of an audit event is in the header. */
class AuditRecord extends StructRecord<typeof EVENT_HEADER> {
  constructor(memory: EventMemory, address: number) {
    super(memory, address, EVENT_HEADER);
  }

  get time(): bigint {
    return this.big('time');
  }
}

/** @returns undefined if the event has no such value */
export type AuditFieldReader = (memory: EventMemory, address: number, context: ReadContext) => FieldValue | Absent;

const NOTHING: AuditFieldReader = () => undefined;

/**
 * @param name as rules write it
 * @param onDemand the values on demand, in the order of the record's table
 */
export function auditFieldReader(name: string, onDemand: readonly string[]): AuditFieldReader {
  const resolved = namedAuditField(name);
  if (!resolved.ok) return NOTHING;
  const { field, argument } = resolved;
  const { source } = field;
  switch (source.from) {
    case 'audit': {
      const found = auditMember(source.row, argument);
      const number = onDemand.indexOf(name);
      if (!found && number < 0) return NOTHING;
      const offset = found?.offset ?? AUDIT_VALUES_OFFSET + number * AUDIT_VALUE_BYTES;
      return (memory, address) => {
        const bytes = memory.string(address, address + offset);
        if (!bytes) return undefined;
        return source.row.list ? { kind: 'list', items: splitAtNul(bytes) } : text(bytes);
      };
    }
    case 'record': {
      const derivation = source.derive(AUDIT_EVENT_TYPE, argument);
      return (memory, address) => {
        const event = new AuditRecord(memory, address);
        return readDerivation(derivation, { event, eventTime: event.time, namespaceStart: 0n });
      };
    }
    case 'rendered':
      return (memory, address, context) =>
        renderedField(source.as, new AuditRecord(memory, address), context, () => undefined);
    // No field of this source.
    case 'container':
    case 'argument':
    case 'condition':
    case 'procfs':
    case 'entry':
    case 'session':
    case 'none':
      return NOTHING;
  }
}

/** Whether a field is among the values on demand: it has to be named before an event is encoded. */
export function isOnDemand(name: string): boolean {
  const resolved = namedAuditField(name);
  if (!resolved.ok || resolved.field.source.from !== 'audit') return false;
  return auditMember(resolved.field.source.row, resolved.argument) === undefined;
}
