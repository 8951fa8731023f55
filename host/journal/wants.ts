// What the journal keeps, whatever the rules: by kinds, as `journal.events` names them. It is a consumer of the kernel filter beside the rules.

import { type JournalSelection, journalSelection } from '../capture/journal-selection.ts';
import type { KeptEvents } from '../recording/format.ts';
import { callsThat, FILE_CHANGES } from '../schema/events/effects.ts';
import { findEventType } from '../schema/events/index.ts';
import type { JournalKeep } from '../schema/journal.ts';
import {
  type FilterClause,
  familyOf,
  type KernelFilter,
  OF_NO_RULE,
  OPEN_COMBINATIONS,
  OPENED,
  openFacts,
} from '../schema/kernel-filter.ts';

interface Kind {
  readonly doc: string;
  /** Event types, by what is kept of them. */
  readonly types: Readonly<Partial<Record<JournalKeep, readonly string[]>>>;
}

/** Times are set of each file that is copied or unpacked. What ftruncate changes was opened for writing, which is kept. */
const LEFT_OUT: ReadonlySet<string> = new Set([...callsThat('changes-times'), 'ftruncate']);
const FILE_CALLS = callsThat('opens', ...FILE_CHANGES).filter((type) => !LEFT_OUT.has(type));

const KINDS = {
  processes: {
    doc: 'started programs and forked processes; the end of each process, with its exit status, is kept in any case',
    types: { succeeded: callsThat('runs'), processes: callsThat('forks') },
  },
  connections: {
    doc: 'outgoing connections, also failed ones; accepted connections; addresses that programs bind to or listen on',
    types: { all: ['connect'], succeeded: [...callsThat('accepts'), 'bind', 'listen'] },
  },
  files: {
    doc: 'files that are opened for writing, created, removed, renamed, linked, or changed in mode, owner or attributes',
    types: { succeeded: FILE_CALLS },
  },
  credentials: { doc: 'changes of user and group', types: { all: callsThat('changes-credentials') } },
  namespaces: { doc: 'namespaces that are made or entered', types: { all: callsThat('changes-namespaces') } },
  mounts: {
    doc: 'mounts and changes of the root directory',
    types: { all: callsThat('mounts') },
  },
  modules: {
    doc: 'kernel modules and kernels that are loaded',
    types: { all: callsThat('loads-kernel-code') },
  },
  bpf: { doc: 'calls of bpf', types: { all: ['bpf'] } },
  ptrace: { doc: 'calls of ptrace', types: { all: ['ptrace'] } },
  signals: { doc: 'signals to other processes', types: { signals: callsThat('signals') } },
  memory: {
    doc: 'files in memory, which programs can be run from, and mappings of these that are made executable',
    types: { all: ['memfd_create'], memory: ['mmap', 'mprotect'] },
  },
} as const satisfies Record<string, Kind>;

export type JournalKind = keyof typeof KINDS;

/** In the order of the documentation. */
export const JOURNAL_KINDS = Object.keys(KINDS) as readonly JournalKind[];

export function describeKind(kind: JournalKind): string {
  return KINDS[kind].doc;
}

export interface JournalWants {
  /** Event types that must be captured. */
  readonly eventTypes: readonly string[];
  /** What the kernel must not drop: clauses of no rule. */
  readonly filter: KernelFilter;
  /** What is kept of the captured events. */
  readonly selection: JournalSelection;
  /** The selection as the journal's files state it. */
  readonly kept: KeptEvents;
}

/** @param without event types that are excluded from the capture */
export function journalWants(kinds: Iterable<JournalKind>, without: ReadonlySet<string> = new Set()): JournalWants {
  const kept = new Map<string, JournalKeep>();
  for (const kind of kinds) {
    const { types }: Kind = KINDS[kind];
    for (const keep of Object.keys(types) as JournalKeep[]) {
      for (const type of types[keep] ?? []) if (!without.has(type)) kept.set(type, keep);
    }
  }
  return {
    eventTypes: [...kept.keys()].sort(),
    filter: [...kept].map(([type, keep]) => clauseOf(type, keep)),
    selection: journalSelection(kept, isKeptOpen),
    kept: { types: kept, opens: KEPT_OPENS },
  };
}

function clauseOf(type: string, keep: JournalKeep): FilterClause {
  const shape = findEventType(type)?.shape;
  if (!shape) throw new Error(`the journal wants events of the unknown type ${type}`);
  return {
    rule: OF_NO_RULE,
    types: [type],
    ...((keep === 'succeeded' || keep === 'processes' || keep === 'memory') && { result: 'succeeded' }),
    ...(keep === 'memory' && { memory: 'executable-memfd' }),
    ...(familyOf(shape) === 'open' && { opens: KEPT_OPENS }),
  };
}

/** Opens for writing, and those that made the file or emptied it. */
function isKeptOpen(combination: number): boolean {
  const { access, truncate, temporary, opened, created } = openFacts(combination);
  if (created || truncate || temporary) return true;
  return opened !== OPENED.directory && (access === 1 || access === 2);
}

const KEPT_OPENS = Array.from({ length: OPEN_COMBINATIONS }, (_, index) =>
  isKeptOpen(index) ? 1n << BigInt(index) : 0n,
)
  .reduce((sum, bit) => sum | bit, 0n)
  .toString(16)
  .padStart(OPEN_COMBINATIONS / 4, '0');
