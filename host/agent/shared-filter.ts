// What the kernel may drop for a set of modules: an event that no rule of any of them can match.

import { type FilterTables, filterTables } from '../capture/filter-tables.ts';
import type { RuleModule } from './rule-module.ts';

/** Undefined: nothing, since one of them doesn't say what its rules need. */
export function sharedFilter(modules: readonly RuleModule[]): FilterTables | undefined {
  const filters = modules.flatMap(({ filter }) => (filter ? [filter] : []));
  return filters.length === modules.length ? filterTables(filters) : undefined;
}
