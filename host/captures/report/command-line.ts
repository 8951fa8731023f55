// The command line of a program, for people: by its words, because the joined line no longer says where each begins and ends.

import type { SecretMask } from '../../journal/mask-secrets.ts';
import type { Deed } from './deeds.ts';
import type { Program } from './process-tree.ts';

/** Secrets are masked; not escaped. */
export function commandLineOf({ name, words, commandLine }: Program, mask: SecretMask): string {
  if (words.length === 0) return mask.text(commandLine);
  // Either may name the program, and the first word is shown as the name.
  const [shown = '', , ...others] = mask.words([name, ...words]);
  return [shown, ...others].join(' ');
}

/** Secrets are masked; not escaped. */
export function deedText(deed: Deed, mask: SecretMask): string {
  if (deed.kind !== 'program') return deed.text;
  if (!deed.program) return mask.text(deed.text);
  const text = `${deed.verb ?? 'runs'} ${commandLineOf(deed.program, mask)}`;
  return deed.failure === undefined ? text : `${text}: ${deed.failure}`;
}
