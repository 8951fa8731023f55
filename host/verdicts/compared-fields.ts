// The names of the fields to read for a condition on a field: for some those of each ancestor, or of both ends of a connection.

import { comparedField } from '../schema/fields/compared.ts';
import { resolveField } from '../schema/fields/index.ts';

/** Ancestors that are read, the parent first. */
export const ANCESTORS_READ = 16;

/** The names of the fields whose values a condition on that field compares. */
export function comparedFields(name: string): readonly string[] {
  const resolved = resolveField(name);
  if (!resolved.ok || resolved.argument !== undefined) return [name];
  const { name: compared, anyAncestor, ends } = comparedField(resolved.field);
  if (anyAncestor) return ofAncestors(compared);
  return ends ? [ends.client, ends.server] : [compared];
}

/** The field of each ancestor that is read. */
export function ofAncestors(name: string): string[] {
  return Array.from({ length: ANCESTORS_READ }, (_, index) => `${name}[${index + 1}]`);
}
