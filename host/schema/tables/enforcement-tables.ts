// The tables of rules that the kernel enforces (struct enforcement): each clause has a bit. Tables of one fact have the clauses that it leaves; a
// test of a name or a peer has a bit too, and each clause says which tests must hold and which must not. host/capture/enforcement-tables.ts makes them.

import { EVENT_TYPE_COUNT } from '../events/index.ts';
import { EXACT_PROCESSES, EXACT_TEXTS } from '../kernel-enforcement.ts';
import { OPEN_COMBINATIONS, SOCKET_KIND_ROOM } from '../kernel-filter.ts';
import { defineStruct } from '../layout.ts';
import { defineTables } from './tables.ts';

/** How many of each there may be. Bit 63 of clauses is ENFORCE_DOUBT; `CLASSES`: of bytes; `PROCESSES`: entries by image id. */
export const ENFORCE_ROOM = {
  CLAUSES: 63,
  OPEN_COMBINATIONS,
  SOCKET_KINDS: SOCKET_KIND_ROOM,
  NETWORKS: 256,
  PORT_RANGES: 256,
  STATES: 8192,
  CLASSES: 128,
  PROCESSES: 16_384,
  /** The highest count of a limit. */
  MOST_COUNT: 0xffff,
} as const;

/** Texts that tests are about. The last two are the path and the file name of the acting process's executable, for NEVER_TESTS. */
export const ENFORCED_TEXTS = [...EXACT_TEXTS, 'running', 'running-file'] as const;
export type EnforcedText = (typeof ENFORCED_TEXTS)[number];

/** Tests that find processes which are never acted on. PROTECTED counts on the host alone; RUNTIME also in a container, if the process has CAP_SYS_ADMIN. */
export const NEVER_TESTS = { PROTECTED: 1n << 63n, RUNTIME: 1n << 62n } as const;

/** The state of a walk in which nothing can hold any more. The starts of both walks over each of the texts come after it. */
export const ENFORCE_DEAD = 0;

/** Whether the host permits that processes of a container are acted on. UNKNOWN: see enforcement.permits; NEVER: it is never acted on. */
export const PERMIT = { UNKNOWN: 0, PERMITTED: 1, NEVER: 2 } as const;

const WORD = 'u64';

export const ENFORCE_STATE = defineStruct('enforce_state', 'A state of the walks over texts: see ENFORCE_ENDINGS().', [
  { name: 'passed', type: WORD, doc: 'tests that hold once a walk comes by: of an ending' },
  { name: 'ended', type: WORD, doc: 'tests that hold if the text begins here: of an equal text, or of a beginning' },
  { name: 'next', type: 'u16', count: ENFORCE_ROOM.CLASSES, doc: 'by class of the next byte' },
]);

export const ENFORCE_CLAUSE = defineStruct('enforce_clause', 'The tests of a clause.', [
  { name: 'names', type: WORD, doc: 'tests that must hold' },
  { name: 'no_names', type: WORD, doc: 'tests that must not' },
  { name: 'peers', type: WORD, doc: 'tests that must hold' },
  { name: 'no_peers', type: WORD, doc: 'tests that must not' },
]);

export const ENFORCE_NETWORK = defineStruct(
  'enforce_network',
  'An address of IPv4 is one that is mapped into IPv6; `is_ipv4` distinguishes a network of those from one of IPv6.',
  [
    { name: 'address', type: WORD, count: 2, doc: 'in network order, as in memory' },
    { name: 'mask', type: WORD, count: 2, doc: 'the same' },
    { name: 'tests', type: WORD, doc: 'tests that hold of its addresses' },
    { name: 'is_ipv4', type: WORD, doc: '1: of IPv4' },
  ],
);

export const ENFORCE_PORTS = defineStruct('enforce_ports', 'A range of ports.', [
  { name: 'from', type: WORD, doc: 'the first' },
  { name: 'to', type: WORD, doc: 'the last' },
  { name: 'tests', type: WORD, doc: 'tests that hold of them' },
]);

export const ENFORCE_LIMIT = defineStruct('enforce_limit', 'So many within that time, whenever it begins.', [
  { name: 'count', type: WORD, doc: 'ENFORCE_MOST_COUNT at most' },
  { name: 'seconds', type: WORD, doc: 'the time' },
]);

export const ENFORCE_PROCESS = defineStruct(
  'enforce_process',
  "The reader's data on a process image: by image id, modulo the number of entries.",
  [
    { name: 'image', type: WORD, doc: 'written last, and emptied first' },
    { name: 'clauses', type: WORD, doc: 'those with ENFORCE_CANDIDATE whose rule has its bit in the image' },
  ],
);

/** Structs of rows, before the tables that have them. */
export const ENFORCE_ROWS = [
  ENFORCE_STATE,
  ENFORCE_CLAUSE,
  ENFORCE_NETWORK,
  ENFORCE_PORTS,
  ENFORCE_LIMIT,
  ENFORCE_PROCESS,
];

export const ENFORCEMENT = defineTables('enforcement', 'The rules that the kernel enforces, as tables.', [
  { name: 'types', type: WORD, count: EVENT_TYPE_COUNT, doc: 'by event type' },
  { name: 'results', type: WORD, count: 2, doc: 'succeeded, failed' },
  { name: 'opens', type: WORD, count: OPEN_COMBINATIONS, doc: 'by flags and result of an open' },
  { name: 'sockets', type: WORD, count: SOCKET_KIND_ROOM, doc: 'by kind of the socket' },
  { name: 'of', type: WORD, count: EXACT_PROCESSES.length, doc: 'by what the process must be' },
  { name: 'kills', type: WORD, doc: "clauses whose process is killed; the others' calls are refused" },
  { name: 'named', type: WORD, doc: 'clauses with tests of names' },
  { name: 'resolved', type: WORD, doc: 'tests of ENFORCE_RESOLVED' },
  { name: 'directories', type: WORD, doc: 'tests of ENFORCE_DIRECTORY' },
  {
    name: 'early',
    type: WORD,
    doc: 'clauses on sockets that programs of the root cgroup decide, before the call has an effect',
  },
  {
    name: 'lsm',
    type: WORD,
    doc: 'clauses on opens and execs that programs of BPF LSM decide, before the call has an effect',
  },
  { name: 'observes', type: WORD, doc: '1: everything but the act itself' },
  { name: 'hosts', type: WORD, doc: '1: processes of the host may be acted on' },
  { name: 'permits', type: WORD, doc: '1: a container may be acted on only after the host has permitted it' },
  { name: 'agent', type: WORD, doc: 'thread group of the agent, in the root pid namespace' },
  { name: 'agent_cgroup', type: WORD, by: 'reader', doc: '0: the agent runs on the host' },
  { name: 'clauses_used', type: WORD, doc: 'how many of `clauses`' },
  { name: 'networks_used', type: WORD, doc: 'how many of `networks`' },
  { name: 'ports_used', type: WORD, doc: 'how many of `ports`' },
  { name: 'serial', type: WORD, doc: 'number of the tables: see ENFORCED_SERIAL' },
  { name: 'zero', type: WORD, doc: '0, which the verifier does not know: see look_at_path()' },
  { name: 'node', rows: ENFORCE_LIMIT, doc: 'limit of the node' },
  { name: 'container', rows: ENFORCE_LIMIT, doc: 'limit of each container' },
  { name: 'clauses', rows: ENFORCE_CLAUSE, count: ENFORCE_ROOM.CLAUSES, doc: 'by number of the clause' },
  { name: 'networks', rows: ENFORCE_NETWORK, count: ENFORCE_ROOM.NETWORKS, doc: 'the first are in use' },
  { name: 'ports', rows: ENFORCE_PORTS, count: ENFORCE_ROOM.PORT_RANGES, doc: 'the first are in use' },
  { name: 'classes', type: 'u8', count: 256, doc: 'of bytes; those of class 0 are in no test' },
  { name: 'states', rows: ENFORCE_STATE, count: ENFORCE_ROOM.STATES, doc: 'see ENFORCE_ENDINGS()' },
  {
    name: 'processes',
    rows: ENFORCE_PROCESS,
    count: ENFORCE_ROOM.PROCESSES,
    by: 'reader',
    doc: 'by image id',
  },
]);
