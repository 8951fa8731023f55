// What is done when events are lost: occurrences, the rate of actions, and what they tell.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DROP_SETTINGS, type DropSettings, DropWatch } from '../../../host/agent/watches/drop-watch.ts';
import type { EngineCounters } from '../../../host/engine/messages/protocol.ts';
import type { KeyedValue } from '../../../host/outputs/message.ts';
import { TokenBucket } from '../../../host/outputs/token-bucket.ts';
import { findEventType } from '../../../host/schema/events/index.ts';
import { NO_CAPTURE_COUNTERS } from '../../support/records/no-counters.ts';

const START = Date.UTC(2026, 0, 1);
const HOLD = { known: 0, 'timed-out': 0, 'too-many-events': 0, 'no-memory': 0, 'rules-replaced': 0, stopped: 0 };

interface Lost {
  readonly dropped?: Readonly<Record<string, number>>;
  readonly filtered?: number;
  readonly missed?: number;
  readonly matches?: number;
}

/** A watch with counters that are set by what happens in them. */
function watched(settings: Partial<DropSettings>) {
  const log: string[] = [];
  const alerts: { message: string; fields: Record<string, string> }[] = [];
  const exits: string[] = [];
  const desk = {
    internal: (rule: string, priority: string, message: string, values: readonly KeyedValue[] = []) => {
      assert.deepEqual([rule, priority], ['Wasprey internal: syscall event drop', 'Debug']);
      const fields = values.map(({ key, value }) => {
        assert.ok(value?.kind === 'text', key);
        return [key, Buffer.from(value.bytes).toString()] as const;
      });
      alerts.push({ message, fields: Object.fromEntries(fields) });
    },
  };
  const watch = new DropWatch(
    desk,
    { ...DROP_SETTINGS, ...settings },
    { onLog: (message) => log.push(message), onExit: (message) => exits.push(message) },
    START,
  );
  const dropped: number[] = [];
  const totals = { produced: 0, evaluated: 0, filtered: 0, missed: 0, matches: 0 };
  /** @param events of the time since the last call, those lost included but for those missed */
  const at = (seconds: number, events: number, lost: Lost = {}): void => {
    totals.produced += events;
    totals.filtered += lost.filtered ?? 0;
    totals.missed += lost.missed ?? 0;
    totals.matches += lost.matches ?? 0;
    for (const [name, count] of Object.entries(lost.dropped ?? {})) {
      const number = findEventType(name)?.number;
      assert.ok(number !== undefined, name);
      dropped[number] = (dropped[number] ?? 0) + count;
    }
    const counters: EngineCounters = {
      time: START + seconds * 1000,
      until: START + seconds * 1000,
      capture: {
        ...NO_CAPTURE_COUNTERS,
        produced: [totals.produced],
        evaluated: [totals.evaluated],
        dropped: Array.from(dropped, (count) => count ?? 0),
        filtered: [totals.filtered],
        missedRuns: totals.missed,
      },
      matches: 0,
      matchesDropped: totals.matches,
      matchesOfSelf: 0,
      enforcedUnchecked: 0,
      enforcedUnmatched: 0,
      fieldsUnreadable: 0,
      batches: 0,
      hold: { now: 0, total: 0, ended: HOLD },
      lag: { batches: [], sumMs: 0 },
      evaluation: { batches: 0, sampledBatches: 0, sampledMs: [] },
    };
    watch.update(counters);
  };
  return { watch, at, log, alerts, exits };
}

const told = (text: string) => `Wasprey internal: syscall event drop. ${text}`;

describe('lost events', () => {
  it('are reported with their numbers by kind, and with when it was', () => {
    const { at, alerts, watch } = watched({});
    at(1, 100);
    at(2, 60, { dropped: { openat: 7, unlink: 2, clone: 1, setuid: 3 }, filtered: 10, missed: 4, matches: 5 });
    assert.deepEqual(alerts, [
      {
        message: told(
          '17 system calls dropped, 5 matches not reported from 2026-01-01T00:00:01.000000000Z to 2026-01-01T00:00:02.000000000Z.',
        ),
        fields: {
          n_evts: '54',
          n_drops: '17',
          n_drops_buffer_total: '13',
          n_drops_buffer_clone_fork_exit: '1',
          n_drops_buffer_execve_exit: '0',
          n_drops_buffer_connect_exit: '0',
          n_drops_buffer_open_exit: '7',
          n_drops_buffer_dir_file_exit: '2',
          n_drops_buffer_other_interest_exit: '3',
          n_matches_dropped: '5',
          'wasprey.from': '2026-01-01T00:00:01.000000000Z',
          'wasprey.to': '2026-01-01T00:00:02.000000000Z',
        },
      },
    ]);
    assert.deepEqual(watch.counters, { occurrences: 1, actions: 1 });
  });

  it('are not an occurrence up to the threshold, a share of what the kernel did not filter', () => {
    const { at, alerts, watch } = watched({ threshold: 0.1, burst: 9 });
    at(1, 100, { dropped: { open: 10 } });
    at(2, 1000, { dropped: { open: 10 }, filtered: 900 });
    assert.deepEqual(watch.counters, { occurrences: 0, actions: 0 });
    at(3, 1000, { dropped: { open: 11 }, filtered: 900 });
    // Matches of the seconds before.
    at(4, 0, { matches: 1 });
    assert.deepEqual(watch.counters, { occurrences: 2, actions: 2 });
    assert.deepEqual(
      alerts.map(({ fields }) => [fields.n_evts, fields.n_drops, fields.n_matches_dropped]),
      [
        ['100', '11', '0'],
        ['0', '0', '1'],
      ],
    );
  });

  it('wait for a token, and are reported together then, though nothing more is lost', () => {
    const { at, alerts, watch } = watched({ rate: 0.1, burst: 1 });
    for (const second of [1, 2, 3]) at(second, 10, { dropped: { open: second } });
    assert.deepEqual(watch.counters, { occurrences: 3, actions: 1 });
    for (const second of [5, 9, 10]) at(second, 10);
    assert.equal(alerts.length, 1);
    at(11, 10);
    assert.deepEqual(
      alerts.map(({ message }) => message),
      [
        told('1 system calls dropped from 2026-01-01T00:00:00.000000000Z to 2026-01-01T00:00:01.000000000Z.'),
        told('5 system calls dropped from 2026-01-01T00:00:01.000000000Z to 2026-01-01T00:00:03.000000000Z.'),
      ],
    );
    assert.deepEqual(watch.counters, { occurrences: 3, actions: 2 });
  });

  it('that wait at the end are reported at the end, with those of the last part of a second', () => {
    const { at, alerts, watch } = watched({});
    at(1, 10, { dropped: { open: 1 } });
    at(2, 10, { dropped: { open: 2 } });
    at(2.5, 10, { dropped: { open: 4 } });
    watch.finish();
    watch.finish();
    assert.deepEqual(
      alerts.map(({ fields }) => [fields.n_drops, fields['wasprey.to']]),
      [
        ['1', '2026-01-01T00:00:01.000000000Z'],
        ['6', '2026-01-01T00:00:02.500000000Z'],
      ],
    );
  });

  it('are looked for once a second, however often somebody asks for numbers', () => {
    const { at, watch } = watched({ rate: 100, burst: 100 });
    for (let tenth = 1; tenth <= 30; tenth++) at(tenth / 10, 10, { dropped: { open: 1 } });
    assert.deepEqual(watch.counters, { occurrences: 3, actions: 3 });
  });

  it('are reported under a clock that was set back, too', () => {
    const { at, alerts } = watched({ burst: 2 });
    at(1000, 10, { dropped: { open: 1 } });
    at(1, 10, { dropped: { open: 2 } });
    assert.deepEqual(
      alerts.map(({ fields }) => fields.n_drops),
      ['1', '2'],
    );
  });
});

describe('actions', () => {
  const simulated = (settings: Partial<DropSettings>) => {
    const parts = watched({ threshold: 1, simulated: true, burst: 10, ...settings });
    for (let second = 1; second <= 9; second++) parts.at(second, 4);
    parts.watch.finish();
    return parts;
  };
  const message = told(
    '1 system calls dropped from 2026-01-01T00:00:00.000000000Z to 2026-01-01T00:00:01.000000000Z (simulated).',
  );

  it('are not taken where none is configured; occurrences are counted all the same', () => {
    const { watch, log, alerts, exits } = simulated({ actions: [] });
    assert.deepEqual(watch.counters, { occurrences: 9, actions: 9 });
    assert.deepEqual([log, alerts, exits], [[], [], []]);
  });

  it('are messages, alerts and the end', () => {
    const { log, alerts, exits } = simulated({ actions: ['log', 'alert', 'exit'] });
    assert.deepEqual([log.length, alerts.length, exits.length], [9, 9, 9]);
    assert.deepEqual([log[0], alerts[0]?.message, exits[0]], [message, message, message]);
    assert.equal(alerts[0]?.fields.n_evts, '5');
  });

  it('are never taken without a token to begin with', () => {
    assert.deepEqual(simulated({ burst: 0 }).watch.counters, { occurrences: 9, actions: 0 });
  });
});

describe('a token bucket', () => {
  it('gives so many at once, and then as they come back', () => {
    const bucket = new TokenBucket(0.5, 2, 0);
    const taken = [0, 0, 0, 1999, 2000, 2001, 100_000, 100_000, 100_000].map((now) => bucket.take(now));
    assert.deepEqual(taken, [true, true, false, false, true, false, true, true, false]);
  });

  it('never gives more than its burst and its rate allow, whatever the clock does', () => {
    const steps = fc.array(fc.integer({ min: -5000, max: 20_000 }), { maxLength: 200 });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 5 }),
        fc.double({ min: 0, max: 3, noNaN: true }),
        steps,
        (burst, rate, by) => {
          const bucket = new TokenBucket(rate, burst, 0);
          let now = 0;
          let forward = 0;
          let taken = 0;
          for (const step of by) {
            now += step;
            forward += Math.max(0, step);
            if (bucket.take(now)) taken++;
            assert.ok(taken <= burst + (forward / 1000) * rate + 1e-6);
          }
        },
      ),
    );
  });
});
