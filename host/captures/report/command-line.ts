// The command line of a program, for people: by its words, because the joined line no longer says where each begins and ends.

import type { SecretMask } from '../../journal/secrets/mask-secrets.ts';
import type { Deed } from './deeds.ts';
import type { Program } from './process-tree.ts';

/** Bytes of a process's name, after which the kernel cuts it. */
const NAME_BYTES = 15;

/**
 * `exe (cat) /etc/hostname`: the first word follows where it is another name, as with busybox, which runs itself. Secrets are masked;
 * not escaped.
 */
export function commandLineOf({ name, words, commandLine }: Program, mask: SecretMask): string {
  if (words.length === 0) return mask.text(commandLine);
  const [shown = '', first = '', ...others] = mask.words([name, ...words]);
  const given = first.slice(first.lastIndexOf('/') + 1).replace(/^-/, '');
  const isOther = given !== '' && Buffer.from(given).subarray(0, NAME_BYTES).toString() !== shown;
  return [shown, ...(isOther ? [`(${given})`] : []), ...others].join(' ');
}

/** Secrets are masked; not escaped. */
export function deedText(deed: Deed, mask: SecretMask): string {
  if (deed.kind !== 'program') return deed.text;
  if (!deed.program) return mask.text(deed.text);
  const text = `${deed.verb ?? 'runs'} ${commandLineOf(deed.program, mask)}`;
  return deed.failure === undefined ? text : `${text}: ${deed.failure}`;
}
