// Facts about an event that the kernel can check before it makes a record, and the needs of rules in these terms.

import type { EventShape } from './event-structs.ts';

/** Clauses of a family share the bits of one word, because an event belongs to only one family. */
export const FILTER_FAMILIES = ['open', 'exec', 'network', 'other'] as const;
export type FilterFamily = (typeof FILTER_FAMILIES)[number];

export function familyOf(shape: EventShape): FilterFamily {
  return shape === 'open' || shape === 'exec' || shape === 'network' ? shape : 'other';
}

/**
 * Flags and result of a call of the open family, as an index of eight bits: access mode (2 bits), O_CREAT, O_TRUNC, O_TMPFILE's own bit,
 * what was opened (2 bits: one of OPENED; nothing if it failed), and whether the call created it.
 */
export const OPEN_COMBINATIONS = 256;
export const OPENED = { nothing: 0, file: 1, directory: 2 } as const;
const OPENED_SHIFT = 5;
/** The bits above the access mode. */
export const COMBINATION = {
  CREATE: 4,
  TRUNCATE: 8,
  TEMPORARY: 16,
  FILE: OPENED.file << OPENED_SHIFT,
  DIRECTORY: OPENED.directory << OPENED_SHIFT,
  CREATED: 128,
} as const;

export interface OpenFacts {
  /** O_RDONLY, O_WRONLY, O_RDWR or 3. */
  readonly access: number;
  readonly create: boolean;
  readonly truncate: boolean;
  readonly temporary: boolean;
  readonly opened: number;
  readonly created: boolean;
}

export function openFacts(index: number): OpenFacts {
  return {
    access: index & 3,
    create: (index & COMBINATION.CREATE) !== 0,
    truncate: (index & COMBINATION.TRUNCATE) !== 0,
    temporary: (index & COMBINATION.TEMPORARY) !== 0,
    opened: (index >> OPENED_SHIFT) & 3,
    created: (index & COMBINATION.CREATED) !== 0,
  };
}

/** Kinds of descriptors that distinguish calls on sockets. An IPv6 socket may turn out to be one of IPv4. */
export const SOCKET_KINDS = ['none', 'ipv4', 'ipv6', 'unix', 'other'] as const;
export type SocketKind = (typeof SOCKET_KINDS)[number];
/** Entries of a table by kind: a power of two, so that programs keep an index within it by a mask. */
export const SOCKET_KIND_ROOM = 8;

/** How many of each the tables of the kernel filter have. `CLASSES`: of bytes; `PROCESSES`: entries by image id. */
export const FILTER_ROOM = {
  OPEN_COMBINATIONS,
  SOCKET_KINDS: SOCKET_KIND_ROOM,
  STATES: 2048,
  CLASSES: 64,
  PROCESSES: 16_384,
} as const;

/** States of beginnings and endings of paths: the dead one, and the two starts. */
export const PATH_STATE = { DEAD: 0, BEGINNINGS: 1, ENDINGS: 2 } as const;
/** No state is farther from its start. */
export const LONGEST_BEGINNING = 64;

/**
 * The passed or the resolved name of the file must begin or end with one of these. A passed name only counts if it
 * is plain: without `.`, `..` and empty components. Where none is passed (open_by_handle_at), any file meets it. Bytes, as characters 0 to 255.
 */
export interface PathNeed {
  /** Each begins with a slash. */
  readonly beginnings: readonly string[];
  /** At most the last component, with the preceding slash if it must match completely. */
  readonly endings: readonly string[];
  /** Files right below the root directory match as well. */
  readonly topLevel?: true;
}

/** FilterClause.rule of a clause that belongs to no rule (journal, captures): it applies to every process. */
export const OF_NO_RULE = Number.MAX_SAFE_INTEGER;

/** A rule's needs for events of some types: an event that lacks any of them can't match. Missing members mean no need. */
export interface FilterClause {
  /** Number of the rule in its module; if it has a candidate bit, an event of a process without that can't match either. */
  readonly rule: number;
  /** Names of event types, all of one family. */
  readonly types: readonly string[];
  readonly result?: 'succeeded' | 'failed';
  /** Bit n, from the right, is set where OPEN_COMBINATIONS n may match: 64 hexadecimal digits. */
  readonly opens?: string;
  readonly sockets?: readonly SocketKind[];
  readonly path?: PathNeed;
  /** For mmap and mprotect: memory that a file in memory (memfd) is behind, made executable. */
  readonly memory?: 'executable-memfd';
}

/** Events of types without a clause always pass. */
export type KernelFilter = readonly FilterClause[];
