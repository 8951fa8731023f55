// Resolves the host names in conditions by the machine's resolver, periodically because addresses change.

import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { LARGEST_NAME_TABLE, type NamedAddress } from '../capture/name-table.ts';
import { parseAddress } from '../compiler/conditions/address.ts';
import { escapeText } from '../diagnostics/escape.ts';

/** Pause between two rounds. */
const REFRESH_MS = 30_000;
/** Limit for concurrent look-ups: each takes a thread of the pool that reads files. */
const LOOKUPS_AT_ONCE = 2;
/** Longest name in DNS. */
const LONGEST_NAME = 253;
/** Most names in a line of the log. */
const NAMED_FAILURES = 3;

export interface NameCounters {
  /** Names in conditions, and how many of them have addresses. */
  readonly names: number;
  readonly resolved: number;
  /** Failed look-ups, and addresses that did not fit, since the start. */
  readonly failures: number;
  readonly overflows: number;
}

export type NameLookup = (name: string) => Promise<readonly LookupAddress[]>;

export interface NameResolverOptions {
  /** Called with all addresses of all names whenever they change. */
  readonly onNames: (addresses: readonly NamedAddress[]) => void;
  readonly onTrouble: (message: string) => void;
  /** Default: the machine's resolver, including its hosts file. */
  readonly lookup?: NameLookup;
}

export class NameResolver {
  readonly #options: NameResolverOptions;
  #wanted: readonly string[] = [];
  /** Addresses by name; after a failed look-up the previous ones stay. */
  readonly #known = new Map<string, readonly Uint8Array[]>();
  #failing = new Map<string, string>();
  #failures = 0;
  #overflows = 0;
  #isTold = false;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #turn = 0;
  #closed = false;

  constructor(options: NameResolverOptions) {
    this.#options = options;
  }

  get counters(): NameCounters {
    return {
      names: this.#wanted.length,
      resolved: this.#known.size,
      failures: this.#failures,
      overflows: this.#overflows,
    };
  }

  /** Sets the names of the rules in use. */
  want(names: Iterable<string>): void {
    this.#wanted = [...new Set(names)].sort();
    const wanted = new Set(this.#wanted);
    for (const name of this.#known.keys()) if (!wanted.has(name)) this.#known.delete(name);
    this.#isTold = false;
    void this.#refresh();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** Resolves each name, and schedules the next round. */
  async #refresh(): Promise<void> {
    clearTimeout(this.#timer);
    const turn = ++this.#turn;
    // A running round may not have all names.
    await this.#round;
    if (this.#closed || turn !== this.#turn || this.#wanted.length === 0) return;
    this.#failing = new Map();
    const names = this.#wanted.values();
    this.#round = Promise.all(Array.from({ length: LOOKUPS_AT_ONCE }, () => this.#resolveAll(names))).then(() => {});
    await this.#round;
    if (this.#closed || turn !== this.#turn) return;
    this.#tellFailures();
    this.#timer = setTimeout(() => void this.#refresh(), REFRESH_MS).unref();
  }

  async #resolveAll(names: Iterable<string>): Promise<void> {
    for (const name of names) {
      if (this.#closed) return;
      try {
        this.#learn(name, await this.#lookUp(name));
      } catch (error) {
        this.#failures++;
        this.#failing.set(name, reasonOf(error));
      }
    }
  }

  #lookUp(name: string): Promise<readonly LookupAddress[]> {
    if (name.length > LONGEST_NAME) return Promise.reject(new Error('too long'));
    return this.#options.lookup?.(name) ?? lookup(name, { all: true });
  }

  #learn(name: string, found: readonly LookupAddress[]): void {
    const addresses = found.flatMap(({ address }) => parseAddress(address.replace(/%.*$/, '')) ?? []);
    const before = this.#known.get(name);
    if (this.#closed || !this.#wanted.includes(name) || (before && areSame(before, addresses))) return;
    this.#known.set(name, addresses);
    const all = [...this.#known].flatMap(([known, each]) => each.map((address) => ({ name: known, address })));
    this.#overflows += Math.max(0, all.length - LARGEST_NAME_TABLE);
    this.#options.onNames(all);
  }

  /** Once for each set of rules. */
  #tellFailures(): void {
    if (this.#failing.size === 0 || this.#isTold) return;
    this.#isTold = true;
    const shown = [...this.#failing].slice(0, NAMED_FAILURES).map(([name, reason]) => `${escapeText(name)}: ${reason}`);
    const more = this.#failing.size > shown.length ? ', ...' : '';
    this.#options.onTrouble(
      `${this.#failing.size} of ${this.#wanted.length} names that rules compare addresses with can't be resolved ` +
        `(${shown.join(', ')}${more}); no address has them until they can`,
    );
  }
}

function areSame(one: readonly Uint8Array[], other: readonly Uint8Array[]): boolean {
  const texts = (addresses: readonly Uint8Array[]): string =>
    addresses
      .map((each) => each.join('.'))
      .sort()
      .join();
  return texts(one) === texts(other);
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'no answer';
}
