// Globs in the key of container.mount, as fnmatch(3) takes them: matched by the same automaton as in conditions.

import { type Automaton, AutomatonTooLargeError, accepts, automatonOf } from '../compiler/automata/automaton.ts';
import { globPattern } from '../compiler/automata/glob.ts';

/** Automata by glob: rules name a bounded number of them. */
const KNOWN = new Map<string, Automaton | undefined>();

/** Whether the whole text (bytes) matches. */
export function matchesGlob(glob: string, text: Uint8Array): boolean {
  if (!KNOWN.has(glob)) KNOWN.set(glob, compiled(glob));
  const automaton = KNOWN.get(glob);
  return automaton !== undefined && accepts(automaton, Buffer.from(text).toString('latin1'));
}

/** Undefined for a glob that is too large; conditions on it are never true. */
function compiled(glob: string): Automaton | undefined {
  try {
    return automatonOf(globPattern(Buffer.from(glob, 'utf8').toString('latin1')));
  } catch (error) {
    if (error instanceof AutomatonTooLargeError) return undefined;
    throw error;
  }
}
