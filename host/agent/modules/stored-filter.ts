// The kernel filter in a module's manifest: it is not trusted, and tables are made from it.

import { isObject, isTexts } from '../../diagnostics/json-value.ts';
import { findEventType } from '../../schema/events/index.ts';
import {
  type FilterClause,
  familyOf,
  isFiltered,
  type KernelFilter,
  OF_NO_RULE,
  OPEN_COMBINATIONS,
  type PathNeed,
  SOCKET_KINDS,
  type SocketKind,
} from '../../schema/kernel-filter.ts';

const OPENS = new RegExp(`^[\\da-f]{${OPEN_COMBINATIONS / 4}}$`);

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
  const others = eventTypes.filter((name) => isFiltered({ name }) && !named.has(name));
  return [...filter, ...others.map((name): FilterClause => ({ rule: OF_NO_RULE, types: [name] }))];
}

function readClause(stored: Readonly<Record<string, unknown>>, ruleCount: number): FilterClause | undefined {
  const { rule, types, result, opens, sockets, path } = stored;
  if (typeof rule !== 'number' || !Number.isInteger(rule) || rule < 0 || rule >= ruleCount) return undefined;
  if (!isTexts(types) || !areOfOneFamily(types)) return undefined;
  if (result !== undefined && result !== 'succeeded' && result !== 'failed') return undefined;
  if (opens !== undefined && !(typeof opens === 'string' && OPENS.test(opens))) return undefined;
  if (sockets !== undefined && !areSocketKinds(sockets)) return undefined;
  const need = path === undefined ? undefined : readPath(path);
  if (path !== undefined && !need) return undefined;
  return {
    rule,
    types,
    ...(result && { result }),
    ...(opens !== undefined && { opens }),
    ...(sockets && { sockets }),
    ...(need && { path: need }),
  };
}

function areOfOneFamily(types: readonly string[]): boolean {
  const families = types.map((name) => {
    const type = findEventType(name);
    return type && familyOf(type.shape);
  });
  return families.every((family) => family !== undefined && family === families[0]);
}

function areSocketKinds(value: unknown): value is readonly SocketKind[] {
  const known: readonly string[] = SOCKET_KINDS;
  return isTexts(value) && value.every((kind) => known.includes(kind));
}

function readPath(stored: unknown): PathNeed | undefined {
  if (!isObject(stored)) return undefined;
  const { beginnings, endings, topLevel } = stored;
  if (!areBytes(beginnings) || !beginnings.every((text) => text.startsWith('/'))) return undefined;
  if (!areBytes(endings) || endings.some((text) => text === '' || text.lastIndexOf('/') > 0)) return undefined;
  if (topLevel !== undefined && topLevel !== true) return undefined;
  return { beginnings, endings, ...(topLevel && { topLevel }) };
}

/** Texts of bytes, as characters 0 to 255. */
function areBytes(value: unknown): value is readonly string[] {
  return isTexts(value) && value.every((text) => !/[^\0-\xff]/.test(text));
}
