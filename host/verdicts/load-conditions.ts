// Loads what reads and evaluates conditions on the session, a part of the compiler: few rules have any.

import { createRequire } from 'node:module';
import { entryFile } from '../setup/entries.mjs';
import type { ModuleConditions } from './stored-condition.ts';

/** At once: rules are bound between two batches of events, where nothing can be awaited. */
export function moduleConditions(): ModuleConditions {
  const loaded: typeof import('./stored-condition.ts') = createRequire(import.meta.url)(entryFile('storedConditions'));
  return new loaded.ModuleConditions();
}
