// Rules that the kernel can decide exactly: what it must find for the rule to match, and nothing else. See kernel-filter.ts for what it may
// drop, which only has to hold for all that match.
//
// A program that acts by this knows each fact of a clause, or leaves the event to the host: a name that it can't read or make (too long, below
// too many mounts, relative to an unknown directory), a process whose image is unknown, replaced or not filled in yet, a result that is not
// known before the call ends. What it does not know never counts as met, nor does its opposite. compiler/plan/exact/README.md has the
// reasons.

import type { SocketKind } from './kernel-filter.ts';

/** Raised whenever the meaning of a clause changes: what is made by another version is not used. */
export const EXACT_VERSION = 1;

/** Longest name of a clause, in bytes, and most of them in all clauses of a rule. */
export const LONGEST_EXACT_NAME = 255;
export const MOST_EXACT_NAMES = 4096;
/** Clauses of a rule. */
export const MOST_EXACT_CLAUSES = 64;

/**
 * A text of the event.
 * - `path`: of calls that open, `fd.name`; absolute, or not known. A file has several names: the passed one made absolute, the resolved one, and another path of it
 *   (`views`, event-structs.ts). All parts of a clause must hold of the same one; one name that they hold of is enough.
 * - `directory`: `fd.directory` of the same name: the name itself if a directory was opened, else what is before its last slash, `/` if
 *   that is nothing or there is no slash.
 * - `resolved`: `fd.realpath`, the path that the kernel resolved; absent if nothing was opened.
 * - `executable`: of an exec that succeeded, `proc.exepath` of the new program.
 * - `name`: of the same, `proc.name`: the new program's comm, of at most 15 bytes. It is the end of the passed path, not of the resolved one.
 */
export const EXACT_TEXTS = ['path', 'directory', 'resolved', 'executable', 'name'] as const;
export type ExactText = (typeof EXACT_TEXTS)[number];

/**
 * A test of a text, byte by byte: constants are characters 0 to 255. It holds if the text is one of `equal`, begins with one of `beginnings`
 * or ends with one of `endings`; with `not`, if none of that is so, as of an absent text. An empty beginning is that of any text that is there.
 */
export interface ExactName {
  readonly of: ExactText;
  readonly not?: true;
  readonly equal: readonly string[];
  readonly beginnings: readonly string[];
  readonly endings: readonly string[];
}

/**
 * A test of the other side of a connect or send on a socket of IP: its address is in one of the networks, or its port in one of the ranges
 * (one of the two is given). Without a peer (neither address nor port is set) it does not hold; with `not`, it does. An IPv4 address that is
 * mapped into IPv6 is one of IPv4.
 */
export interface ExactPeer {
  readonly not?: true;
  /** Addresses of 4 bytes or 16, of which the first `bits` count. */
  readonly networks?: readonly { readonly address: readonly number[]; readonly bits: number }[];
  /** `from` and `to` included. */
  readonly ports?: readonly { readonly from: number; readonly to: number }[];
}

/**
 * What the process must be. `candidate`: the rule's candidate bit is set in the image that the event has; `container`, `host`: whether it runs
 * in a container. A program that is being run has an image without candidate bits: its clauses have `any`, `container` or `host`.
 */
export const EXACT_PROCESSES = ['any', 'container', 'host', 'candidate'] as const;
export type ExactProcess = (typeof EXACT_PROCESSES)[number];

/** All of its members must hold. Missing ones mean no need. */
export interface ExactClause {
  /** Names of event types, all of one family. An exec that succeeds is an `execve` whichever call it was. */
  readonly types: readonly string[];
  readonly process: ExactProcess;
  readonly result?: 'succeeded' | 'failed';
  /** For the open family: bit n, from the right, is set where OPEN_COMBINATIONS n matches: 64 hexadecimal digits. It says all of the result. */
  readonly opens?: string;
  /** For the network family: kinds of the socket; of IPv6 only if its addresses are not those of IPv4. */
  readonly sockets?: readonly SocketKind[];
  readonly names?: readonly ExactName[];
  readonly peers?: readonly ExactPeer[];
}

/** A rule that is exact in the kernel: an event matches if, and only if, any of the clauses holds of it. None: it matches no event. */
export interface ExactRule {
  /** Number of the rule in its module. */
  readonly rule: number;
  readonly clauses: readonly ExactClause[];
}
