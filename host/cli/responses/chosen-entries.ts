// Chooses active responses by a word. Names of containers are chosen by whoever runs them: a name does not lead to another's entry.

import { CommandFailure } from '../../diagnostics/failure.ts';
import type { LedgerEntry } from '../../responses/ledger-entry.ts';

/** Digits of a container's id that are enough to name it. */
const FEWEST_DIGITS = 6;

/**
 * Chooses entries by id, by pod (NAMESPACE/NAME), or by container: the name or the beginning of its id.
 * @throws {CommandFailure} if there is none, or if several containers may be meant
 */
export function chosenEntries(word: string, entries: readonly LedgerEntry[]): readonly LedgerEntry[] {
  const byId = entries.filter(({ id }) => id === word);
  if (byId.length > 0) return byId;
  const ofPod = entries.filter(({ pod }) => pod !== '' && pod === word);
  if (ofPod.length > 0) return ofPod;
  const found = entries.filter(
    ({ container, containerName }) =>
      containerName === word || (word.length >= FEWEST_DIGITS && container.startsWith(word)),
  );
  if (found.length === 0) throw new CommandFailure(`no active response matches ${word}`, 'wasprey responses list');
  if (new Set(found.map(({ container }) => container)).size > 1) {
    const ids = found.map(({ id }) => id).join(', ');
    throw new CommandFailure(`several containers match ${word}: give an id (${ids})`, 'wasprey responses list');
  }
  return found;
}
