// Rules that the kernel can decide exactly: what it must find for the rule to match, and nothing else. See kernel-filter.ts for what it may drop,
// which only has to hold for all that match.

import type { SocketKind } from './kernel-filter.ts';

/** Names of files, as bytes: characters 0 to 255. The name meets it if any of them holds. */
export interface ExactPath {
  /** Which name: the resolved one, as `fd.name` and `proc.exepath` have it, or the last component of it, as `proc.name`. */
  readonly of: 'path' | 'name';
  readonly equal: readonly string[];
  readonly beginnings: readonly string[];
  readonly endings: readonly string[];
}

/** Addresses and ports of the other side; both must hold where both are there. */
export interface ExactPeer {
  readonly networks?: readonly { readonly address: Uint8Array; readonly bits: number }[];
  readonly ports?: readonly { readonly from: number; readonly to: number }[];
}

/** All of its members must hold. */
export interface ExactClause {
  /** Names of event types, all of one family. */
  readonly types: readonly string[];
  readonly result?: 'succeeded' | 'failed';
  /** As FilterClause.opens: bit n, from the right, is set where OPEN_COMBINATIONS n matches. */
  readonly opens?: string;
  readonly sockets?: readonly SocketKind[];
  readonly path?: ExactPath;
  readonly peer?: ExactPeer;
}

/** A rule that is exact in the kernel: it matches if its process is a candidate and any of the clauses holds. */
export interface ExactRule {
  /** Number of the rule in its module. */
  readonly rule: number;
  /** What its process must be: nothing, in a container or on the host, or as the rule's candidate bit says, which is then exact. */
  readonly process: 'any' | 'container' | 'host' | 'candidate';
  readonly clauses: readonly ExactClause[];
}
