// What the kernel filter does with an event, in plain TypeScript: after native/bpf/filter/filter.h, on the same tables.

import type { FilterTables } from '../../../host/capture/filter-tables.ts';
import { type EventType, findEventType } from '../../../host/schema/events/index.ts';
import { CANDIDATE_WORDS } from '../../../host/schema/image.ts';
import {
  FILTER_FAMILIES,
  FILTER_ROOM,
  familyOf,
  type OpenFacts,
  PATH_STATE,
  SOCKET_KINDS,
  type SocketKind,
} from '../../../host/schema/kernel-filter.ts';

/** Names are bytes, as characters 0 to 255. Undefined: not known, so that it can't speak against a clause. */
export interface FilteredEvent {
  readonly type: EventType;
  readonly failed: boolean;
  /** Candidate words of the process; undefined: not filled yet. */
  readonly candidates?: readonly bigint[];
  readonly open?: OpenFacts;
  readonly socket?: SocketKind;
  /** Of mmap and mprotect: whether memory became executable that a file in memory is behind. */
  readonly executableMemfd?: boolean;
  readonly passed?: string;
  /** What a relative path is relative to: the current directory, or that of a descriptor. */
  readonly current?: string;
  readonly directory?: string;
  /** null: the kernel has opened nothing. */
  readonly resolved?: string | null;
  /** Another path that the file has, by another link to it or without a bind mount. */
  readonly elsewhere?: string;
}

/** The candidate words of a process that can match only that rule; rules beyond the words need no bit. */
export function onlyCandidate(rule: number): readonly bigint[] {
  return Array.from({ length: CANDIDATE_WORDS }, (_, word) => (word === rule >> 6 ? 1n << BigInt(rule & 63) : 0n));
}

const FAMILIES = FILTER_FAMILIES.length;

export function passes(tables: FilterTables, event: FilteredEvent): boolean {
  return clausesLeft(tables, event) !== 0n;
}

export function clausesLeft(tables: FilterTables, event: FilteredEvent): bigint {
  const family = FILTER_FAMILIES.indexOf(familyOf(event.type.shape));
  const isByHandle = event.type.name === 'open_by_handle_at';
  let clauses = tables.types[event.type.number] ?? 0n;
  if (isByHandle) clauses |= tables.types[findEventType('openat')?.number ?? 0] ?? 0n;
  clauses &= tables.results[2 * family + (event.failed ? 1 : 0)] ?? 0n;
  if (event.candidates) clauses &= clausesOfProcess(tables, event.candidates, family);
  if (event.open) clauses &= tables.opens[indexOf(event.open)] ?? 0n;
  if (event.executableMemfd === false) clauses &= tables.ordinaryMemory;
  if (event.socket) clauses &= clausesOfSocket(tables, event.socket);
  if (event.type.shape !== 'open' || isByHandle || (clauses & tables.anyPath) !== 0n) return clauses;
  const { resolved, elsewhere = null } = event;
  const opened = clausesOfResolved(tables, resolved) | clausesOfResolved(tables, elsewhere);
  return clauses & (clausesOfPassed(tables, event) | opened);
}

/** The addresses of an IPv6 socket may be those of IPv4. */
function clausesOfSocket({ sockets }: FilterTables, kind: SocketKind): bigint {
  const kinds: readonly SocketKind[] = kind === 'ipv6' ? ['ipv4', 'ipv6'] : [kind];
  return kinds.reduce((clauses, each) => clauses | (sockets[SOCKET_KINDS.indexOf(each)] ?? 0n), 0n);
}

function indexOf(facts: OpenFacts): number {
  const bit = (value: boolean, place: number): number => (value ? 1 << place : 0);
  return (
    facts.access |
    bit(facts.create, 2) |
    bit(facts.truncate, 3) |
    bit(facts.temporary, 4) |
    (facts.opened << 5) |
    bit(facts.created, 7)
  );
}

function clausesOfProcess({ rules }: FilterTables, words: readonly bigint[], family: number): bigint {
  let clauses = rules[CANDIDATE_WORDS * 64 * FAMILIES + family] ?? 0n;
  for (const [word, bits] of words.entries()) {
    for (let [bit, left] = [0, bits]; left !== 0n; bit++, left >>= 1n) {
      if ((left & 1n) !== 0n) clauses |= rules[(word * 64 + bit) * FAMILIES + family] ?? 0n;
    }
  }
  return clauses;
}

/** Longer paths as passed are not looked at. */
export const LONGEST_PASSED = 510;
const ALL = (1n << 64n) - 1n;

function clausesOfPassed(tables: FilterTables, { passed, current, directory }: FilteredEvent): bigint {
  if (passed === undefined || passed.length > LONGEST_PASSED || !isPlain(passed)) return ALL;
  if (passed.startsWith('/')) {
    const topLevel = passed.lastIndexOf('/') === 0 ? tables.topLevel : 0n;
    return topLevel | beginning(tables, passed) | ending(tables, passed);
  }
  const base = directory ?? current;
  if (!base?.startsWith('/')) return ALL;
  const topLevel = base === '/' ? tables.topLevel : 0n;
  return topLevel | beginningOf(tables, componentsOf(base), true) | ending(tables, passed);
}

/** No `.`, `..` or empty component, by what is quick to see: some that have none of them do not count as plain either. */
function isPlain(path: string): boolean {
  return path !== '' && !/[./](?:\/|$)/.test(path);
}

const MOST_COMPONENTS = 3;
const LONGEST_COMPONENT = 16;

function clausesOfResolved(tables: FilterTables, resolved: string | null | undefined): bigint {
  if (resolved === undefined) return ALL;
  if (resolved === null) return 0n;
  const components = componentsOf(resolved);
  const topLevel = components.length <= 1 ? tables.topLevel : 0n;
  return topLevel | beginningOf(tables, components) | ending(tables, resolved);
}

function componentsOf(path: string): readonly string[] {
  return path === '/' ? [] : path.split('/').slice(1);
}

/** Only the first components are looked at, and of them only so much; or, if `below`, what names below that path can meet. */
function beginningOf(tables: FilterTables, components: readonly string[], below = false): bigint {
  const looked = components.slice(0, MOST_COMPONENTS);
  const long = looked.findIndex(({ length }) => length > LONGEST_COMPONENT);
  if (long >= 0) {
    const before = looked.slice(0, long).map((component) => `/${component}`);
    return beginning(tables, `${before.join('')}/${looked[long]?.slice(0, LONGEST_COMPONENT)}`, true);
  }
  const text = looked.map((component) => `/${component}`).join('');
  return below || components.length > looked.length ? beginning(tables, `${text}/`, true) : beginning(tables, text);
}

function beginning({ paths }: FilterTables, text: string, goesOn = false): bigint {
  let state: number = PATH_STATE.BEGINNINGS;
  let clauses = 0n;
  for (let index = 0; index < text.length && state !== PATH_STATE.DEAD; index++) {
    state = step(paths, state, text.charCodeAt(index));
    clauses |= paths.accepted[state] ?? 0n;
  }
  return goesOn ? clauses | (paths.possible[state] ?? 0n) : clauses;
}

/** Of the last component, from its end, and of the slash before it. */
function ending({ paths }: FilterTables, path: string): bigint {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const looked = name.length > LONGEST_COMPONENT ? name.slice(-LONGEST_COMPONENT) : `/${name}`;
  let state: number = PATH_STATE.ENDINGS;
  let clauses = 0n;
  for (let index = looked.length - 1; index >= 0 && state !== PATH_STATE.DEAD; index--) {
    state = step(paths, state, looked.charCodeAt(index));
    clauses |= paths.accepted[state] ?? 0n;
  }
  return name.length > LONGEST_COMPONENT ? clauses | (paths.possible[state] ?? 0n) : clauses;
}

function step({ classes, next }: FilterTables['paths'], state: number, byte: number): number {
  return next[state * FILTER_ROOM.CLASSES + (classes[byte] ?? 0)] ?? PATH_STATE.DEAD;
}
