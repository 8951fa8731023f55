// The kernel filter in a module's manifest: it is not trusted, and tables are made from it.

import { isObject } from '../../diagnostics/json-value.ts';
import { isFiltered } from '../../schema/events/effects.ts';
import { findEventType } from '../../schema/events/index.ts';
import { type FilterClause, type KernelFilter, OF_NO_RULE, type PathNeed } from '../../schema/kernel-filter.ts';
import { areBytes, readCalls, type Stored } from './stored-calls.ts';

/**
 * A filter that is narrower than its module's rules loses matches of that module only, so it is only checked for being usable.
 * @throws {Error} with the reason
 */
export function readFilter(stored: unknown, ruleCount: number): KernelFilter {
  if (!Array.isArray(stored)) throw new Error('its kernel filter is not a list');
  return stored.map((clause: unknown, index) => {
    const read = isObject(clause) ? readClause(clause, ruleCount) : undefined;
    if (!read) throw new Error(`clause ${index} of its kernel filter is invalid`);
    return read;
  });
}

/**
 * With a clause for each event type that its module names and that has none. Alone such a type needs none to pass; beside the clauses of other
 * modules on that type it does. Compiled modules have all of them.
 */
export function withEveryType(filter: KernelFilter, eventTypes: readonly string[]): KernelFilter {
  const named = new Set(filter.flatMap(({ types }) => types));
  const others = eventTypes.filter((name) => isFiltered(findEventType(name) ?? {}) && !named.has(name));
  return [...filter, ...others.map((name): FilterClause => ({ rule: OF_NO_RULE, types: [name] }))];
}

function readClause(stored: Stored, ruleCount: number): FilterClause | undefined {
  const { rule, path } = stored;
  if (typeof rule !== 'number' || !Number.isInteger(rule) || rule < 0 || rule >= ruleCount) return undefined;
  const calls = readCalls(stored);
  const need = path === undefined ? undefined : readPath(path);
  if (!calls || (path !== undefined && !need)) return undefined;
  return { rule, ...calls, ...(need && { path: need }) };
}

function readPath(stored: unknown): PathNeed | undefined {
  if (!isObject(stored)) return undefined;
  const { beginnings, endings, topLevel } = stored;
  if (!areBytes(beginnings) || !beginnings.every((text) => text.startsWith('/'))) return undefined;
  if (!areBytes(endings) || endings.some((text) => text === '' || text.lastIndexOf('/') > 0)) return undefined;
  if (topLevel !== undefined && topLevel !== true) return undefined;
  return { beginnings, endings, ...(topLevel && { topLevel }) };
}
