// The rules of a module that are exact in the kernel, as its manifest has them: programs act by this, so that anything unknown in it is refused.

import { isObject } from '../../diagnostics/json-value.ts';
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
import { areBytes, readCalls, type Stored } from './stored-calls.ts';

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

function readClause(stored: Stored, own: readonly string[], rule: number): ExactClause | undefined {
  const calls = readCalls(stored);
  if (!calls || !hasOnly(stored, MEMBERS) || calls.types.length === 0) return undefined;
  if (!calls.types.every((name) => own.includes(name))) return undefined;
  const process = EXACT_PROCESSES.find((name) => name === stored.process);
  if (!process || (process === 'candidate' && rule >= CANDIDATE_WORDS * 64)) return undefined;
  const [names, peers] = [listOf(stored.names, readName), listOf(stored.peers, readPeer)];
  if (names === null || peers === null) return undefined;
  return { ...calls, process, ...(names && { names }), ...(peers && { peers }) };
}

function readName(stored: unknown): ExactName | undefined {
  if (!isObject(stored) || !hasOnly(stored, ['of', 'not', 'equal', 'beginnings', 'endings'])) return undefined;
  const { of, not, equal, beginnings, endings } = stored;
  const text = EXACT_TEXTS.find((name) => name === of);
  if (!text || (not !== undefined && not !== true)) return undefined;
  if (!areNames(equal) || !areNames(beginnings) || !areNames(endings)) return undefined;
  return { of: text, ...(not && { not }), equal, beginnings, endings };
}

function areNames(value: unknown): value is readonly string[] {
  return areBytes(value) && value.every((text) => text.length <= LONGEST_EXACT_NAME);
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

/** Undefined if the member is missing; null if it is not an array, or one of its items is invalid. */
function listOf<Item>(value: unknown, read: (item: unknown) => Item | undefined): readonly Item[] | undefined | null {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) return null;
  const items = value.map((item: unknown) => read(item));
  const known = items.flatMap((item) => (item === undefined ? [] : [item]));
  return known.length === items.length ? known : null;
}

/** A member that this version does not know may be a need. */
function hasOnly(stored: Stored, members: readonly string[]): boolean {
  return Object.keys(stored).every((name) => members.includes(name));
}
