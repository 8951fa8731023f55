// Event types that the configuration excludes from the capture.

import { list, section, text, unused } from '../../config-values/value-types.ts';

export const BASE_SYSCALLS_KEYS = {
  base_syscalls: section('In Falco, system calls that are captured in any case; here, those that are never captured.', {
    custom_set: list(
      text('', 'A system call, with ! in front.'),
      '`!name` excludes an event type, which saves its cost; rules that could match it are logged. A name without ! has no effect: Wasprey captures what rules read.',
    ),
    repair: unused('Not needed: processes and descriptors are known without additional system calls.'),
    all: unused('Reads and writes of open files are not captured; `wasprey validate` reports rules that need them.'),
  }),
} as const;

/** Their names, without the !. */
export function leftOutEvents({ custom_set }: { readonly custom_set: readonly string[] }): ReadonlySet<string> {
  return new Set(custom_set.filter((name) => name.startsWith('!')).map((name) => name.slice(1)));
}
