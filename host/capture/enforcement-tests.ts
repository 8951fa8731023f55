// The tests of names and peers in clauses that the kernel enforces, each with its bit.

import type { ExactClause, ExactName, ExactPeer } from '../schema/kernel-enforcement.ts';
import type { TextTest } from './enforcement-states.ts';

/** A network or a range of ports that a test is about, with the test's bit. */
type Part<Of> = Of & { readonly bit: bigint };
export type TestedNetwork = Part<NonNullable<ExactPeer['networks']>[number]>;
export type TestedPorts = Part<NonNullable<ExactPeer['ports']>[number]>;

/** Bits of a clause's tests, as struct enforce_clause has them. */
export interface ClauseBits {
  readonly names: bigint;
  readonly no_names: bigint;
  readonly peers: bigint;
  readonly no_peers: bigint;
}

/** Tests that differ only in `not` share a bit. */
class Tests<Test extends { readonly not?: true }> {
  readonly #bits = new Map<string, readonly [Test, bigint]>();

  get size(): number {
    return this.#bits.size;
  }

  add(tests: readonly Test[]): void {
    for (const test of tests) {
      const key = keyOf(test);
      if (!this.#bits.has(key)) this.#bits.set(key, [test, 1n << BigInt(this.#bits.size)]);
    }
  }

  all(): readonly (readonly [Test, bigint])[] {
    return [...this.#bits.values()];
  }

  /** Bits of the tests with `not`, or of those without. */
  bits(tests: readonly Test[], not: boolean): bigint {
    return tests
      .filter((test) => (test.not === true) === not)
      .reduce((sum, test) => sum | (this.#bits.get(keyOf(test))?.[1] ?? 0n), 0n);
  }
}

function keyOf({ not: _, ...test }: { readonly not?: true }): string {
  return JSON.stringify(test);
}

export class ClauseTests {
  readonly names = new Tests<ExactName>();
  readonly peers = new Tests<ExactPeer>();

  constructor(clauses: readonly ExactClause[]) {
    for (const { names = [], peers = [] } of clauses) {
      this.names.add(names);
      this.peers.add(peers);
    }
  }

  texts(): readonly TextTest[] {
    return this.names
      .all()
      .map(([{ of, equal, beginnings, endings }, bit]) => ({ of, equal, beginnings, endings, bit }));
  }

  networks(): readonly TestedNetwork[] {
    return this.peers.all().flatMap(([{ networks = [] }, bit]) => networks.map((network) => ({ ...network, bit })));
  }

  ports(): readonly TestedPorts[] {
    return this.peers.all().flatMap(([{ ports = [] }, bit]) => ports.map((range) => ({ ...range, bit })));
  }

  /** Bits of a clause: of the tests that must hold, and of those that must not. */
  bitsOf({ names = [], peers = [] }: ExactClause): ClauseBits {
    return {
      names: this.names.bits(names, false),
      no_names: this.names.bits(names, true),
      peers: this.peers.bits(peers, false),
      no_peers: this.peers.bits(peers, true),
    };
  }
}
