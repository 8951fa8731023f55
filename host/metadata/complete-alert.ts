// Completes the values of an alert that were read before the container's runtime had answered.

import { type ContainerMoment, isContainerField, readContainerField } from '../fields/container.ts';
import { EventMemory } from '../fields/memory.ts';
import { ContainerRecord } from '../fields/record.ts';
import type { FieldValue } from '../fields/value.ts';
import { resolveField } from '../schema/fields/index.ts';

/** Offset of the entry: address 0 means none. */
const ADDRESS = 8;

/** `values` belong to `fields`; those that do not depend on the container stay unchanged. */
export function completeValues(
  fields: readonly string[],
  values: readonly (FieldValue | undefined)[],
  entry: Uint8Array,
  moment: ContainerMoment,
): (FieldValue | undefined)[] {
  const buffer = new Uint8Array(ADDRESS + entry.length);
  buffer.set(entry, ADDRESS);
  const container = ContainerRecord.at(new EventMemory(buffer.buffer), ADDRESS);
  return values.map((value, index) => {
    const resolved = resolveField(fields[index] ?? '');
    if (!container || !resolved.ok || !isContainerField(resolved.field)) return value;
    return readContainerField(resolved.field, resolved.argument, container, moment);
  });
}
