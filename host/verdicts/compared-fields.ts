// Which values a condition on a field compares: for some fields those of other fields.

import { resolveField } from '../schema/fields/index.ts';

/** Ancestors that are read, the parent first. */
export const ANCESTORS_READ = 16;

/** What a condition on these compares; the conditions' own names have no value. */
const ENDS_OF_CONNECTION: Readonly<Record<string, readonly string[]>> = {
  'fd.ip': ['fd.cip', 'fd.sip'],
  'fd.net': ['fd.cip', 'fd.sip'],
  'fd.port': ['fd.cport', 'fd.sport'],
  'fd.proto': ['fd.cport', 'fd.sport'],
  'fd.cnet': ['fd.cip'],
  'fd.snet': ['fd.sip'],
  'fd.lnet': ['fd.lip'],
  'fd.rnet': ['fd.rip'],
};

/** The fields whose values a condition on the named one compares: those of every ancestor, or of both ends of a connection, for some. */
export function comparedFields(name: string): readonly string[] {
  const resolved = resolveField(name);
  const isOfAnyAncestor = resolved.ok && resolved.field.anyAncestor === true && resolved.argument === undefined;
  return isOfAnyAncestor ? ofAncestors(name) : (ENDS_OF_CONNECTION[name] ?? [name]);
}

/** The field of each ancestor that is read. */
export function ofAncestors(name: string): string[] {
  return Array.from({ length: ANCESTORS_READ }, (_, index) => `${name}[${index + 1}]`);
}
