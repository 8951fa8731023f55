// What the kernel may drop for a set of modules: an event that no rule of any of them can match.

import { type FilterTables, filterTables } from '../capture/filter-tables.ts';
import { firstWords } from '../engine/candidate-words.ts';
import type { RuleModule } from './rule-module.ts';

/** Undefined: nothing, since one of them doesn't say what its rules need. */
export function sharedFilter(modules: readonly RuleModule[]): FilterTables | undefined {
  const filters = modules.flatMap(({ filter }) => (filter ? [filter] : []));
  if (filters.length < modules.length) return undefined;
  return filterTables(filters, firstWords(modules.map(({ rules }) => rules.length)));
}
