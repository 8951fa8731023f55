// Which values a condition on a field compares: for some fields those of other fields.

import type { Ends, Field } from './field.ts';
import { resolveNamed } from './index.ts';

/** The field whose value conditions on this one compare: fd.sip for fd.snet, and itself for most. */
export function comparedField(field: Field): Field {
  if (field.comparedAs === undefined) return field;
  const compared = resolveNamed(field.comparedAs, undefined);
  if (!compared.ok) throw new Error(`${field.name} is compared as ${field.comparedAs}, which is not a field`);
  return compared.field;
}

/** The ends of a connection that a field means both of; undefined for other fields. */
export function endsOf(field: Field): Ends | undefined {
  return comparedField(field).ends;
}
