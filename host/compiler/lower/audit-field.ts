// Fields of audit events: texts and lists of texts in the record, read in place.
//
//   ka.verb = create                        the text auditVerb(event) equals create
//   jevt.value[/spec/tls] exists            auditValue(event, valuesOffset, 0) != 0

import type { AuditRow } from '../../schema/audit/reading.ts';
import { auditMember } from '../../schema/audit/record.ts';
import { holds } from '../ir/condition.ts';
import {
  call,
  EVENT_ADDRESS,
  FIRST_VALUE,
  ITEM_INDEX,
  integer,
  isThere,
  memberNamed,
  type Value,
} from '../ir/value.ts';
import { ITEM, type LoweringContext, type Operand, text } from './operand.ts';

/** The values on demand that the conditions of a module read, numbered as they are met. */
export class AuditValues {
  readonly #numbers = new Map<string, number>();

  numberOf(name: string): number {
    const known = this.#numbers.get(name) ?? this.#numbers.size;
    this.#numbers.set(name, known);
    return known;
  }

  /** In the order of their numbers. */
  get names(): readonly string[] {
    return [...this.#numbers.keys()];
  }
}

export function auditOperand(row: AuditRow, argument: string | undefined, context: LoweringContext): Operand {
  const value = valueIn(row, argument, context);
  if (!row.list) return text(value, 'event');
  const item = call('itemOf', value, ITEM_INDEX);
  return { kind: 'texts', there: holds(isThere(value), 'event'), item, marks: [], each: ITEM, scope: 'event' };
}

function valueIn(row: AuditRow, argument: string | undefined, { auditValues }: LoweringContext): Value {
  const member = auditMember(row, argument);
  const found = member && memberNamed('audit', member.name, EVENT_ADDRESS);
  if (found) return found;
  const number = auditValues.numberOf(argument === undefined ? row.name : `${row.name}[${argument}]`);
  return call('auditValue', EVENT_ADDRESS, FIRST_VALUE, integer(number));
}
