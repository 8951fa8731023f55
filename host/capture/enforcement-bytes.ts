// The bytes of struct enforcement (host/schema/tables/enforcement-tables.ts), as far as the host writes it.

import { EVENT_TYPE_COUNT, EVENT_TYPES } from '../schema/events/index.ts';
import { EXACT_PROCESSES, type ExactClause, type ExactText } from '../schema/kernel-enforcement.ts';
import { OPEN_COMBINATIONS, SOCKET_KIND_ROOM, SOCKET_KINDS } from '../schema/kernel-filter.ts';
import { ENFORCE_ROOM, ENFORCEMENT } from '../schema/tables/enforcement-tables.ts';
import { encodeTables, type InputOf } from '../schema/tables/tables.ts';
import type { EnforcedAction, MeansOfClause } from './enforcement-means.ts';
import type { EnforcementLimit, EnforcementRails } from './enforcement-rails.ts';
import type { EnforcedStates } from './enforcement-states.ts';
import type { ClauseTests, TestedNetwork } from './enforcement-tests.ts';

const IPV4_BYTES = 4;
const IPV6_BYTES = 16;
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
const MILLISECONDS = 1000;

export interface NumberedClause {
  readonly exact: ExactClause;
  readonly bit: bigint;
  readonly action: EnforcedAction;
  readonly means: MeansOfClause;
}

export interface EnforcementContents {
  readonly clauses: readonly NumberedClause[];
  readonly tests: ClauseTests;
  readonly states: EnforcedStates;
  readonly rails: EnforcementRails;
  readonly serial: number;
}

type Input = InputOf<typeof ENFORCEMENT>;
type RowOf<Name extends 'networks' | 'states' | 'node'> = Input[Name][number];

export function enforcementBytes(contents: EnforcementContents): Uint8Array {
  const { clauses, tests, states, rails, serial } = contents;
  const networks = tests.networks();
  const ports = tests.ports();
  return encodeTables(ENFORCEMENT, {
    ...tablesOfFacts(contents),
    ...clausesByTreatment(clauses),
    resolved: testsOfText(tests, 'resolved'),
    directories: testsOfText(tests, 'directory'),
    observes: BigInt(rails.observes),
    hosts: BigInt(rails.hosts),
    permits: BigInt(rails.needsPermit),
    agent: BigInt(rails.agentPid ?? 0),
    clauses_used: BigInt(clauses.length),
    networks_used: BigInt(networks.length),
    ports_used: BigInt(ports.length),
    serial: BigInt(serial),
    zero: 0n,
    node: [limitRow(rails.perNode)],
    container: [limitRow(rails.perContainer)],
    clauses: clauses.map(({ exact }) => tests.bitsOf(exact)),
    networks: networks.map(networkRow),
    ports: ports.map(({ from, to, bit }) => ({ from: BigInt(from), to: BigInt(to), tests: bit })),
    classes: states.classes,
    states: stateRows(states),
  });
}

/** The clauses that each fact of a call leaves. */
function tablesOfFacts({
  clauses,
  tests,
}: EnforcementContents): Pick<Input, 'types' | 'results' | 'opens' | 'sockets' | 'of'> {
  /** No call meets a clause that wants a test to hold and not to hold. The kernel, which looks at both at once, would take it for met. */
  const isPossible = ({ exact }: NumberedClause): boolean => {
    const bits = tests.bitsOf(exact);
    return (bits.names & bits.no_names) === 0n && (bits.peers & bits.no_peers) === 0n;
  };
  const possible = clauses.filter(isPossible);
  const typeNames = new Map(EVENT_TYPES.map(({ name, number }) => [number, name]));
  return {
    types: Array.from({ length: EVENT_TYPE_COUNT }, (_, number) =>
      bitsOf(possible, ({ exact: { types } }) => types.includes(typeNames.get(number) ?? '')),
    ),
    results: [
      bitsOf(clauses, ({ exact: { result } }) => result !== 'failed'),
      bitsOf(clauses, ({ exact: { result } }) => result !== 'succeeded'),
    ],
    opens: Array.from({ length: OPEN_COMBINATIONS }, (_, index) =>
      bitsOf(
        clauses,
        ({ exact: { opens } }) => opens === undefined || ((BigInt(`0x${opens}`) >> BigInt(index)) & 1n) !== 0n,
      ),
    ),
    sockets: Array.from({ length: SOCKET_KIND_ROOM }, (_, index) => {
      const kind = SOCKET_KINDS[index];
      return bitsOf(
        clauses,
        ({ exact: { sockets } }) => sockets === undefined || (kind !== undefined && sockets.includes(kind)),
      );
    }),
    of: EXACT_PROCESSES.map((kind) => bitsOf(clauses, ({ exact: { process } }) => process === kind)),
  };
}

function clausesByTreatment(clauses: readonly NumberedClause[]): Pick<Input, 'kills' | 'named' | 'early' | 'lsm'> {
  return {
    kills: bitsOf(clauses, ({ action }) => action === 'kill_process'),
    named: bitsOf(clauses, ({ exact: { names = [] } }) => names.length > 0),
    early: bitsOf(clauses, ({ means: { by } }) => by === 'cgroup' || by === 'cgroup-process'),
    lsm: bitsOf(clauses, ({ means: { by } }) => by === 'open-lsm' || by === 'exec-lsm'),
  };
}

function bitsOf(clauses: readonly NumberedClause[], meets: (clause: NumberedClause) => boolean): bigint {
  return clauses.reduce((sum, clause) => (meets(clause) ? sum | clause.bit : sum), 0n);
}

function testsOfText({ names }: ClauseTests, text: ExactText): bigint {
  return names.all().reduce((sum, [{ of }, bit]) => (of === text ? sum | bit : sum), 0n);
}

function limitRow({ count, milliseconds }: EnforcementLimit): RowOf<'node'> {
  return {
    count: BigInt(Math.min(count, ENFORCE_ROOM.MOST_COUNT)),
    seconds: BigInt(Math.max(Math.ceil(milliseconds / MILLISECONDS), 1)),
  };
}

function stateRows({ passed, ended, next }: EnforcedStates): readonly RowOf<'states'>[] {
  return Array.from(passed, (tests, state) => ({
    passed: tests,
    ended: ended[state] ?? 0n,
    next: next.subarray(state * ENFORCE_ROOM.CLASSES, (state + 1) * ENFORCE_ROOM.CLASSES),
  }));
}

/** An IPv4 network is one of the addresses that are mapped into IPv6. */
function networkRow({ address, bits, bit }: TestedNetwork): RowOf<'networks'> {
  const isIpv4 = address.length === IPV4_BYTES;
  const bytes = isIpv4 ? [...MAPPED, ...address] : address;
  const length = isIpv4 ? MAPPED.length * 8 + bits : bits;
  const mask = Array.from({ length: IPV6_BYTES }, (_, byte) => {
    const kept = Math.min(Math.max(length - 8 * byte, 0), 8);
    return (0xff00 >> kept) & 0xff;
  });
  const masked = mask.map((byte, index) => byte & (bytes[index] ?? 0));
  return { address: wordsOf(masked), mask: wordsOf(mask), tests: bit, is_ipv4: BigInt(isIpv4) };
}

/** The bytes as words, as they lie in memory. */
function wordsOf(bytes: readonly number[]): readonly bigint[] {
  const view = new DataView(Uint8Array.from(bytes).buffer);
  return [view.getBigUint64(0, true), view.getBigUint64(8, true)];
}
