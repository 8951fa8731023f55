// The condition of `unless`, from outside: on which events it is evaluated, and by which guard. What reads it is loaded for the first one: most
// configurations have none.

import { createRequire } from 'node:module';
import type { EventSource } from '../schema/event-source.ts';
import { entryFile } from '../setup/entries.mjs';
import type { Response } from './settings.ts';

/**
 * The sources whose events have all fields of a condition: mostly one.
 * @throws {UnlessError} also for what a rule is only warned of: an exception that never holds protects nothing
 */
export function sourcesOfUnless(text: string): readonly EventSource[] {
  const sources = knownSources.get(text) ?? readAtOnce(text);
  knownSources.set(text, sources);
  return sources;
}

/** Sources of conditions that were read, by their text: every rule asks for them. There are as many as the configurations of a run have had. */
const knownSources = new Map<string, readonly EventSource[]>();

/** A configuration is read at once. */
function readAtOnce(text: string): readonly EventSource[] {
  const loaded: typeof import('./read-unless.ts') = createRequire(import.meta.url)(entryFile('readUnless'));
  return loaded.readSources(text);
}

/** Responses whose condition is evaluated on events of a source. Their places in this list are the numbers of their guards. */
export function guarded(responses: readonly Response[], source: EventSource): readonly Response[] {
  return responses.filter(
    ({ unless, where }) => unless !== undefined && where === 'host' && sourcesOfUnless(unless).includes(source),
  );
}
