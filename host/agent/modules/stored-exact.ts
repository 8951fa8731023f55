// The rules of a module that are exact in the kernel, as its manifest has them: programs act by this, so that anything unknown in it is refused.

import { isObject, isTexts } from '../../diagnostics/json-value.ts';
import { findEventType } from '../../schema/events/index.ts';
import { CANDIDATE_WORDS } from '../../schema/image.ts';
import {
  EXACT_PROCESSES,
  EXACT_TEXTS,
  EXACT_VERSION,
  type ExactClause,
  type ExactName,
  type ExactPeer,
  type ExactRule,
  LONGEST_EXACT_NAME,
  MOST_EXACT_CLAUSES,
  MOST_EXACT_NAMES,
} from '../../schema/kernel-enforcement.ts';
import { familyOf, OPEN_COMBINATIONS, SOCKET_KINDS } from '../../schema/kernel-filter.ts';

type Stored = Readonly<Record<string, unknown>>;

/**
 * @param stored undefined: of a version that did not prove any
 * @param types names of the event types of each rule
 * @returns none if it was made by another version
 * @throws {Error} with the reason
 */
export function readExact(stored: unknown, types: readonly (readonly string[])[]): readonly ExactRule[] {
  if (stored === undefined) return [];
  if (!isObject(stored)) throw new Error('its exact rules are not an object');
  if (stored.version !== EXACT_VERSION) return [];
  if (!Array.isArray(stored.rules)) throw new Error('its exact rules are not a list');
  return stored.rules.map((rule: unknown, index) => {
    const read = isObject(rule) ? readRule(rule, types) : undefined;
    if (!read) throw new Error(`exact rule ${index} is invalid`);
    return read;
  });
}

function readRule(stored: Stored, types: readonly (readonly string[])[]): ExactRule | undefined {
  const { rule, clauses } = stored;
  const own = typeof rule === 'number' ? types[rule] : undefined;
  if (typeof rule !== 'number' || !own || !Array.isArray(clauses) || clauses.length > MOST_EXACT_CLAUSES)
    return undefined;
  const read = clauses.flatMap((clause: unknown) => (isObject(clause) ? (readClause(clause, own, rule) ?? []) : []));
  const names = read.flatMap((clause) => clause.names ?? []);
  const count = names.reduce((sum, name) => sum + name.equal.length + name.beginnings.length + name.endings.length, 0);
  const isWhole = read.length === clauses.length && count <= MOST_EXACT_NAMES && hasOnly(stored, ['rule', 'clauses']);
  return isWhole ? { rule, clauses: read } : undefined;
}

const MEMBERS = ['types', 'process', 'result', 'opens', 'sockets', 'names', 'peers'] as const;
const OPENS = new RegExp(`^[\\da-f]{${OPEN_COMBINATIONS / 4}}$`);

function readClause(stored: Stored, own: readonly string[], rule: number): ExactClause | undefined {
  const { types, process, result, opens, sockets, names, peers } = stored;
  if (!hasOnly(stored, MEMBERS) || !isTexts(types) || types.length === 0) return undefined;
  const [family, ...others] = new Set(types.map((name) => familyOf(findEventType(name)?.shape ?? 'process')));
  if (others.length > 0 || !types.every((name) => own.includes(name))) return undefined;
  const [knownProcess, knownResult] = [one(process, EXACT_PROCESSES), one(result, ['succeeded', 'failed'] as const)];
  if (!knownProcess || (knownProcess === 'candidate' && rule >= CANDIDATE_WORDS * 64)) return undefined;
  if (result !== undefined && !knownResult) return undefined;
  if (opens !== undefined && !(family === 'open' && typeof opens === 'string' && OPENS.test(opens))) return undefined;
  const kinds =
    sockets === undefined || family === 'network' ? listOf(sockets, (kind) => one(kind, SOCKET_KINDS)) : null;
  const [texts, sides] = [listOf(names, readName), listOf(peers, readPeer)];
  if (kinds === null || texts === null || sides === null) return undefined;
  return {
    types,
    process: knownProcess,
    ...(knownResult && { result: knownResult }),
    ...(typeof opens === 'string' && { opens }),
    ...(kinds && { sockets: kinds }),
    ...(texts && { names: texts }),
    ...(sides && { peers: sides }),
  };
}

function readName(stored: unknown): ExactName | undefined {
  if (!isObject(stored) || !hasOnly(stored, ['of', 'not', 'equal', 'beginnings', 'endings'])) return undefined;
  const { of, not, equal, beginnings, endings } = stored;
  const text = one(of, EXACT_TEXTS);
  if (!text || (not !== undefined && not !== true)) return undefined;
  if (!areNames(equal) || !areNames(beginnings) || !areNames(endings)) return undefined;
  return { of: text, ...(not && { not }), equal, beginnings, endings };
}

/** Texts of bytes, as characters 0 to 255. */
function areNames(value: unknown): value is readonly string[] {
  return isTexts(value) && value.every((text) => text.length <= LONGEST_EXACT_NAME && !/[^\0-\xff]/.test(text));
}

function readPeer(stored: unknown): ExactPeer | undefined {
  if (!isObject(stored) || !hasOnly(stored, ['not', 'networks', 'ports'])) return undefined;
  const { not } = stored;
  if (not !== undefined && not !== true) return undefined;
  const [networks, ports] = [listOf(stored.networks, readNetwork), listOf(stored.ports, readRange)];
  if (networks === null || ports === null || (networks === undefined) === (ports === undefined)) return undefined;
  return { ...(not && { not }), ...(networks && { networks }), ...(ports && { ports }) };
}

function readNetwork(stored: unknown): { address: readonly number[]; bits: number } | undefined {
  if (!isObject(stored) || !hasOnly(stored, ['address', 'bits'])) return undefined;
  const address = listOf(stored.address, (byte) => (isWithin(byte, 0xff) ? byte : undefined));
  if (!address || (address.length !== 4 && address.length !== 16)) return undefined;
  return isWithin(stored.bits, 8 * address.length) ? { address, bits: stored.bits } : undefined;
}

function readRange(stored: unknown): { from: number; to: number } | undefined {
  if (!isObject(stored) || !hasOnly(stored, ['from', 'to'])) return undefined;
  const { from, to } = stored;
  return isWithin(from, 0xffff) && isWithin(to, 0xffff) && from <= to ? { from, to } : undefined;
}

function isWithin(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
}

/** Undefined if the member is missing; null if it is no array, or one of its items is invalid. */
function listOf<Item>(value: unknown, read: (item: unknown) => Item | undefined): readonly Item[] | undefined | null {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) return null;
  const items = value.map((item: unknown) => read(item));
  const known = items.flatMap((item) => (item === undefined ? [] : [item]));
  return known.length === items.length ? known : null;
}

function one<Name extends string>(value: unknown, names: readonly Name[]): Name | undefined {
  return names.find((name) => name === value);
}

/** A member that this version does not know may be a need. */
function hasOnly(stored: Stored, members: readonly string[]): boolean {
  return Object.keys(stored).every((name) => members.includes(name));
}
