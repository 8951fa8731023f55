// What of the machine's system calls is captured, beside what the rules say.

import { list, section, text, unused } from '../../config-values/value-types.ts';

export const CAPTURE_KEYS = {
  base_syscalls: section(
    'System calls that are captured whatever the rules read, in Falco; here, those that are not.',
    {
      custom_set: list(
        text('', 'A system call, with ! in front.'),
        'With `!name` an event type is not captured, which saves what it costs; rules that could match it are named. A name without ! has no effect: what rules read is captured, and nothing else is needed.',
      ),
      repair: unused(
        'Nothing has to be added: processes and descriptors are known without system calls that no rule reads.',
      ),
      all: unused(
        'Reads and writes of open files are not watched; rules that name what is not are told of by `wasprey validate`.',
      ),
    },
  ),
} as const;

/** Event types that are not to be captured. */
export function leftOutEvents({ custom_set }: { readonly custom_set: readonly string[] }): ReadonlySet<string> {
  return new Set(custom_set.filter((name) => name.startsWith('!')).map((name) => name.slice(1)));
}
