// Audit events: what is in no member of the record is in a table behind its fixed part, a string_ref for each value that the rules name.

import { AUDIT_VALUE_SIZE, AUDIT_VALUES } from './generated/accessors';
import { textOf } from './text';

/** The value of that number among those of the module, whose first one is so many bytes behind the first of all. */
// @ts-ignore: decorator
@inline export function auditValue(event: u32, first: u32, number: u32): u64 {
  return textOf(event, load<u64>(event + AUDIT_VALUES + first + number * AUDIT_VALUE_SIZE));
}
