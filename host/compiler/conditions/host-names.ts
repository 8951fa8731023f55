// The names of hosts that a condition compares addresses with: `fd.sip.name = example.com`.

import type { Check } from './ast.ts';
import { constantsOf } from './fields-of.ts';

const ADDRESS_OF = /^(fd\.[cslr]ip)\.name$/;

/** The address that a field compares names with: `fd.sip` of `fd.sip.name`; undefined for any other field. */
export function addressOfName(field: string): string | undefined {
  return ADDRESS_OF.exec(field)?.[1];
}

/** The names that a check gives, all in one case: they mean the same. */
export function hostNamesIn(check: Check): string[] {
  const { left } = check;
  if (left.kind !== 'field' || addressOfName(left.name) === undefined) return [];
  return constantsOf(check).map(({ text }) => text.toLowerCase());
}
