// The rules that the kernel enforces, as tables (native/bpf/enforce/enforce_tables.h): each clause has a bit, and so has each test of a name or of a
// peer. What can't be enforced is a problem, and nothing is left out silently.

import { EVENT_TYPES } from '../schema/events/index.ts';
import { CANDIDATE_WORDS } from '../schema/image.ts';
import { EXACT_PROCESSES, type ExactClause, type ExactName, type ExactPeer } from '../schema/kernel-enforcement.ts';
import { OPEN_COMBINATIONS, SOCKET_KINDS } from '../schema/kernel-filter.ts';
import {
  type EnforcedAction,
  type EnforcedMeans,
  type EnforcedRule,
  type MeansOfClause,
  meansOf,
} from './enforcement-means.ts';
import { ENFORCED_CLASSES, enforcedStates, MOST_ENFORCED_STATES, type TextTest } from './enforcement-states.ts';

/** At most so many actions within that time. The kernel counts in seconds, and no further than 65,535. */
export interface EnforcementLimit {
  readonly count: number;
  readonly milliseconds: number;
}

/** What holds for all rules: see ResponseSettings. */
export interface EnforcementRails {
  /** Everything but the act itself. */
  readonly observes: boolean;
  /** Processes of the host may be acted on. */
  readonly hosts: boolean;
  /** A container may be acted on only after Capture.permitEnforcement(). */
  readonly needsPermit: boolean;
  /** Never acted on: paths of executables, or names of files where there is no slash. */
  readonly executables: readonly string[];
  /** Names of files of programs that run containers, or beginnings of names of files in memory: never acted on where they can. */
  readonly runtimes: readonly string[];
  /** Why the kernel runs no programs of BPF LSM; undefined: it does. */
  readonly lackOfLsm: string | undefined;
  /**
   * Tests only: a process, in the root pid namespace, that is never acted on with all that it has started. Default: this one, and what is in its
   * container.
   */
  readonly agentPid?: number;
  readonly perNode: EnforcementLimit;
  readonly perContainer: EnforcementLimit;
}

/** As Capture.prepareEnforcement() takes them. */
export interface EnforcementTables {
  readonly bytes: Uint8Array;
  /** Pairs: the number of a rule's candidate bit, and its clauses. */
  readonly rules: BigUint64Array;
  /** By number of the clause: the index of its rule in those given. */
  readonly clauses: readonly number[];
}

export interface EnforcementProblem {
  /** Index of the rule in those given; undefined: of all together. */
  readonly rule?: number;
  readonly reason: string;
}

export type EnforcementResult =
  | { readonly ok: true; readonly tables: EnforcementTables; readonly means: readonly EnforcedMeans[] }
  | { readonly ok: false; readonly problems: readonly EnforcementProblem[] };

const MOST_CLAUSES = 63;
/** Bits 63 and 62 are those of what is never acted on. */
const MOST_NAME_TESTS = 62;
const PROTECTED = 1n << 63n;
const RUNTIME = 1n << 62n;
/** How the path of an executable in memory begins (read_executable() in native/bpf/enforce/enforce_names.h). */
const MEMFD = 'memfd:';
const MOST_PEER_TESTS = 64;
const MOST_NETWORKS = 256;
const MOST_PORT_RANGES = 256;
const SOCKET_KIND_ROOM = 8;
const EVENT_TYPE_COUNT = Math.max(...EVENT_TYPES.map(({ number }) => number)) + 1;
const IPV4_BYTES = 4;
const IPV6_BYTES = 16;
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
const MILLISECONDS = 1000;
const MOST_COUNT = 0xffff;

interface Clause {
  readonly exact: ExactClause;
  readonly bit: bigint;
  readonly action: EnforcedAction;
  readonly means: MeansOfClause;
  /** Number of the candidate bit. */
  readonly candidate: number;
}

/** @param serial number of these tables: see EnforcedParts */
export function enforcementTables(
  rules: readonly EnforcedRule[],
  rails: EnforcementRails,
  serial = 0,
): EnforcementResult {
  const problems: EnforcementProblem[] = [];
  const means = rules.map((rule) => meansOf(rule, rails.lackOfLsm));
  for (const [rule, { problems: reasons }] of means.entries())
    problems.push(...reasons.map((reason) => ({ rule, reason })));
  const clauses = rules.flatMap(({ exact, action, firstWord = 0 }, index) =>
    exact.clauses.flatMap((clause, number) => {
      const of = means[index]?.clauses[number];
      return of ? [{ exact: clause, action, means: of, candidate: firstWord * 64 + exact.rule, rule: index }] : [];
    }),
  );
  for (const { rule, exact, candidate } of clauses) {
    if (exact.process === 'candidate' && candidate >= CANDIDATE_WORDS * 64)
      problems.push({
        rule,
        reason: 'it is not among the first rules, and the kernel knows only the processes of those',
      });
  }
  if (clauses.length > MOST_CLAUSES) {
    problems.push({
      reason: `all rules together have ${clauses.length} alternatives, and the kernel has room for ${MOST_CLAUSES}`,
    });
    return { ok: false, problems };
  }
  const numbered = clauses.map((clause, index): Clause => ({ ...clause, bit: 1n << BigInt(index) }));
  const names = new Tests<ExactName>(({ not: _, ...test }) => test);
  const peers = new Tests<ExactPeer>(({ not: _, ...test }) => test);
  for (const { exact } of numbered) {
    names.add(exact.names ?? []);
    peers.add(exact.peers ?? []);
  }
  if (names.size > MOST_NAME_TESTS || peers.size > MOST_PEER_TESTS)
    problems.push({ reason: 'all rules together test more names or peers than the kernel has room for' });
  const states = enforcedStates([...names.all().map(textTest), neverTests(rails)].flat());
  if (!states) problems.push({ reason: 'the names in all rules together are longer than the kernel has room for' });
  const networks = peers.all().flatMap(([peer, bit]) => (peer.networks ?? []).map((network) => ({ ...network, bit })));
  const ports = peers.all().flatMap(([peer, bit]) => (peer.ports ?? []).map((range) => ({ ...range, bit })));
  if (networks.length > MOST_NETWORKS || ports.length > MOST_PORT_RANGES)
    problems.push({ reason: 'all rules together have more networks or ports than the kernel has room for' });
  if (problems.length > 0 || !states) return { ok: false, problems };

  const which = (meets: (clause: Clause) => boolean): bigint =>
    numbered.reduce((sum, clause) => (meets(clause) ? sum | clause.bit : sum), 0n);
  /** No call meets a clause that wants a test to hold and not to hold. The kernel, which looks at both at once, would take it for met. */
  const isPossible = ({ exact }: Clause): boolean =>
    (names.bits(exact.names ?? [], false) & names.bits(exact.names ?? [], true)) === 0n &&
    (peers.bits(exact.peers ?? [], false) & peers.bits(exact.peers ?? [], true)) === 0n;
  const typeNames = new Map(EVENT_TYPES.map(({ name, number }) => [number, name]));
  const writer = new Writer();
  writer.words(
    Array.from({ length: EVENT_TYPE_COUNT }, (_, number) =>
      which((clause) => isPossible(clause) && clause.exact.types.includes(typeNames.get(number) ?? '')),
    ),
  );
  writer.words([which(({ exact }) => exact.result !== 'failed'), which(({ exact }) => exact.result !== 'succeeded')]);
  writer.words(
    Array.from({ length: OPEN_COMBINATIONS }, (_, index) =>
      which(({ exact: { opens } }) => opens === undefined || ((BigInt(`0x${opens}`) >> BigInt(index)) & 1n) !== 0n),
    ),
  );
  writer.words(
    Array.from({ length: SOCKET_KIND_ROOM }, (_, index) =>
      which(({ exact: { sockets } }) => {
        const kind = SOCKET_KINDS[index];
        return sockets === undefined || (kind !== undefined && sockets.includes(kind));
      }),
    ),
  );
  writer.words(EXACT_PROCESSES.map((kind) => which(({ exact: { process } }) => process === kind)));
  const testsOf = (text: ExactName['of']): bigint =>
    names.all().reduce((sum, [{ of }, bit]) => (of === text ? sum | bit : sum), 0n);
  writer.words([
    which(({ action }) => action === 'kill_process'),
    which(({ exact }) => (exact.names ?? []).length > 0),
    testsOf('resolved'),
    testsOf('directory'),
    which(({ means: { by } }) => by === 'cgroup' || by === 'cgroup-process'),
    which(({ means: { by } }) => by === 'open-lsm' || by === 'exec-lsm'),
    BigInt(rails.observes),
    BigInt(rails.hosts),
    BigInt(rails.needsPermit),
    BigInt(rails.agentPid ?? 0),
    0n,
    BigInt(clauses.length),
    BigInt(networks.length),
    BigInt(ports.length),
    BigInt(serial),
    0n,
  ]);
  for (const { count, milliseconds } of [rails.perNode, rails.perContainer])
    writer.words([BigInt(Math.min(count, MOST_COUNT)), BigInt(Math.max(Math.ceil(milliseconds / MILLISECONDS), 1))]);
  writer.table(
    MOST_CLAUSES,
    numbered.map(({ exact }) => [
      names.bits(exact.names ?? [], false),
      names.bits(exact.names ?? [], true),
      peers.bits(exact.peers ?? [], false),
      peers.bits(exact.peers ?? [], true),
    ]),
    4,
  );
  writer.table(MOST_NETWORKS, networks.map(networkWords), 6);
  writer.table(
    MOST_PORT_RANGES,
    ports.map(({ from, to, bit }) => [BigInt(from), BigInt(to), bit]),
    3,
  );
  writer.bytes(states.classes);
  for (let state = 0; state < MOST_ENFORCED_STATES; state++) {
    writer.words([states.passed[state] ?? 0n, states.ended[state] ?? 0n]);
    writer.shorts(states.next.subarray(state * ENFORCED_CLASSES, (state + 1) * ENFORCED_CLASSES));
  }
  const tables = { bytes: writer.taken(), rules: rulesOf(numbered), clauses: clauses.map(({ rule }) => rule) };
  return { ok: true, tables, means };
}

/** Tests that differ only in `not` share a bit. */
class Tests<Test extends { readonly not?: true }> {
  readonly #bits = new Map<string, readonly [Test, bigint]>();
  readonly #keyOf: (test: Test) => unknown;

  constructor(keyOf: (test: Test) => unknown) {
    this.#keyOf = keyOf;
  }

  get size(): number {
    return this.#bits.size;
  }

  add(tests: readonly Test[]): void {
    for (const test of tests) {
      const key = JSON.stringify(this.#keyOf(test));
      if (!this.#bits.has(key)) this.#bits.set(key, [test, 1n << BigInt(this.#bits.size)]);
    }
  }

  all(): (readonly [Test, bigint])[] {
    return [...this.#bits.values()];
  }

  /** Of those with or without `not`. */
  bits(tests: readonly Test[], not: boolean): bigint {
    return tests
      .filter((test) => (test.not === true) === not)
      .reduce((sum, test) => sum | (this.#bits.get(JSON.stringify(this.#keyOf(test)))?.[1] ?? 0n), 0n);
  }
}

function textTest([{ of, equal, beginnings, endings }, bit]: readonly [ExactName, bigint]): TextTest {
  return { of, equal, beginnings, endings, bit };
}

function neverTests({ executables, runtimes }: EnforcementRails): TextTest[] {
  const texts = executables.map((executable) => Buffer.from(executable, 'utf8').toString('latin1'));
  const paths = texts.filter((text) => text.includes('/'));
  const files = texts.filter((text) => !text.includes('/'));
  const none = { beginnings: [], endings: [], bit: PROTECTED };
  const inMemory = runtimes.filter((name) => name.startsWith(MEMFD));
  return [
    { of: 'running', equal: paths, ...none },
    { of: 'running-file', equal: files, ...none },
    { of: 'running', equal: [], beginnings: inMemory, endings: [], bit: RUNTIME },
    { of: 'running-file', equal: runtimes, beginnings: [], endings: [], bit: RUNTIME },
  ];
}

/** An IPv4 network is one of the addresses that are mapped into IPv6. */
function networkWords({
  address,
  bits,
  bit,
}: {
  readonly address: readonly number[];
  readonly bits: number;
  readonly bit: bigint;
}): readonly bigint[] {
  const isIpv4 = address.length === IPV4_BYTES;
  const bytes = isIpv4 ? [...MAPPED, ...address] : address;
  const length = isIpv4 ? MAPPED.length * 8 + bits : bits;
  const mask = Array.from({ length: IPV6_BYTES }, (_, byte) => {
    const kept = Math.min(Math.max(length - 8 * byte, 0), 8);
    return (0xff00 >> kept) & 0xff;
  });
  const masked = mask.map((byte, index) => byte & (bytes[index] ?? 0));
  return [...wordsOf(masked), ...wordsOf(mask), bit, BigInt(isIpv4)];
}

/** As they lie in memory. */
function wordsOf(bytes: readonly number[]): readonly bigint[] {
  const view = new DataView(Uint8Array.from(bytes).buffer);
  return [view.getBigUint64(0, true), view.getBigUint64(8, true)];
}

function rulesOf(clauses: readonly Clause[]): BigUint64Array {
  const rules = new Map<number, bigint>();
  for (const { exact, candidate, bit } of clauses) {
    if (exact.process === 'candidate') rules.set(candidate, (rules.get(candidate) ?? 0n) | bit);
  }
  return BigUint64Array.from([...rules].flatMap(([candidate, bits]) => [BigInt(candidate), bits]));
}

/** Writes members of struct enforcement one after the other. */
class Writer {
  readonly #parts: Uint8Array[] = [];

  words(words: readonly bigint[]): void {
    this.bytes(new Uint8Array(BigUint64Array.from(words).buffer));
  }

  /** Rows of so many words; missing ones are 0. */
  table(rows: number, filled: readonly (readonly bigint[])[], words: number): void {
    for (let row = 0; row < rows; row++) this.words(filled[row] ?? new Array<bigint>(words).fill(0n));
  }

  shorts(shorts: Uint16Array): void {
    this.bytes(new Uint8Array(shorts.slice().buffer));
  }

  bytes(bytes: Uint8Array): void {
    this.#parts.push(bytes);
  }

  taken(): Uint8Array {
    return Uint8Array.from(Buffer.concat(this.#parts));
  }
}
