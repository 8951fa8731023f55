// Totals of events by their outcome, for metrics and the alert of drops.

import type { CaptureCounters } from '../../capture/capture-counters.ts';
import { callsThat } from '../../schema/events/effects.ts';
import { EVENT_TYPES } from '../../schema/events/index.ts';

/** Falco's kinds of drops, and the events of each; all others belong to the kind `other`. */
const DROP_KINDS: readonly (readonly [kind: string, events: readonly string[]])[] = [
  ['clone_fork', callsThat('forks')],
  ['execve', callsThat('runs')],
  ['connect', ['connect']],
  ['open', ['open', 'openat', 'openat2', 'creat']],
  [
    'dir_file',
    [
      'unlink',
      'unlinkat',
      'rmdir',
      'mkdir',
      'mkdirat',
      'rename',
      'renameat',
      'renameat2',
      'link',
      'linkat',
      'symlink',
      'symlinkat',
    ],
  ],
];
const OTHER_KIND = 'other_interest';

export interface EventTotals {
  /** All events: evaluated, filtered, dropped and, while the agent runs, waiting ones. */
  readonly produced: number;
  readonly evaluated: number;
  readonly filtered: number;
  /** Events that did not fit into a ring, or were left in it at the end. */
  readonly dropped: number;
  /** Events in the rings that were not read yet. */
  readonly waiting: number;
  /** Dropped events by Falco's kinds, all of which are present. */
  readonly droppedByKind: ReadonlyMap<string, number>;
  /** Calls that were not captured because the kernel was running another BPF program; they are not included in produced. */
  readonly missed: number;
  /** Events that did not fit, and calls that were not captured. */
  readonly lost: number;
}

export function eventTotals(counters: CaptureCounters): EventTotals {
  const { dropped, missedRuns, unread = 0 } = counters;
  const byKind = new Map([...DROP_KINDS.map(([kind]) => kind), OTHER_KIND].map((kind) => [kind, 0]));
  byKind.set(OTHER_KIND, unread);
  for (const { name, number } of EVENT_TYPES) {
    const kind = DROP_KINDS.find(([, events]) => events.includes(name))?.[0] ?? OTHER_KIND;
    byKind.set(kind, (byKind.get(kind) ?? 0) + (dropped[number] ?? 0));
  }
  const totals = {
    produced: sum(counters.produced),
    evaluated: sum(counters.evaluated),
    filtered: sum(counters.filtered),
    dropped: sum(dropped) + unread,
  };
  return {
    ...totals,
    // What is malformed is counted by record: several events may have been where one with an invalid size is.
    waiting: Math.max(0, totals.produced - totals.evaluated - totals.filtered - totals.dropped - counters.malformed),
    droppedByKind: byKind,
    missed: missedRuns,
    lost: totals.dropped + missedRuns,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, value) => total + value, 0);
}

export interface TypeTotals {
  readonly type: string;
  readonly evaluated: number;
  readonly filtered: number;
  /** Events that did not fit into a ring. */
  readonly dropped: number;
}

/** Only of types that had an event. */
export function totalsByType({ evaluated, filtered, dropped }: CaptureCounters): TypeTotals[] {
  return EVENT_TYPES.flatMap(({ name, number }) => {
    const totals = {
      type: name,
      evaluated: evaluated[number] ?? 0,
      filtered: filtered[number] ?? 0,
      dropped: dropped[number] ?? 0,
    };
    return totals.evaluated + totals.filtered + totals.dropped === 0 ? [] : [totals];
  });
}
