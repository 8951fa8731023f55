// The names of the fields to read for a condition on a field: for some another field, or that of each ancestor.

import { comparedField } from '../schema/fields/compared.ts';
import { resolveField } from '../schema/fields/index.ts';

/** Ancestors that are read, the parent first. */
export const ANCESTORS_READ = 16;

/** The names of the fields whose values a condition on that field compares. */
export function comparedFields(name: string): readonly string[] {
  const resolved = resolveField(name);
  if (!resolved.ok || resolved.argument !== undefined) return [name];
  const { name: compared, anyAncestor } = comparedField(resolved.field);
  return anyAncestor ? ofAncestors(compared) : [compared];
}

/** The field of each ancestor that is read. */
export function ofAncestors(name: string): string[] {
  return Array.from({ length: ANCESTORS_READ }, (_, index) => `${name}[${index + 1}]`);
}
