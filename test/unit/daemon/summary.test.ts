// The summary at the end of a run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Summary } from '../../../host/agent/summary.ts';
import { renderRecorded } from '../../../host/cli/reports/recording-summary.ts';
import { renderSummary, ruleLines } from '../../../host/daemon/summary.ts';
import type { HoldCounters } from '../../../host/engine/messages/protocol.ts';
import { NO_CAPTURE_COUNTERS } from '../../support/records/no-counters.ts';

const CAPTURE = {
  ...NO_CAPTURE_COUNTERS,
  produced: [1_000_000, 234_567],
  evaluated: [999_000, 234_000],
  dropped: [0, 0],
  filtered: [1_000, 567],
};
const HOLD: HoldCounters = {
  now: 0,
  total: 0,
  ended: { known: 0, 'timed-out': 0, 'too-many-events': 0, 'no-memory': 0, 'rules-replaced': 0, stopped: 0 },
};
const ENGINE = {
  time: 0,
  until: 0,
  capture: CAPTURE,
  matches: 3,
  matchesDropped: 0,
  matchesOfSelf: 0,
  enforcedUnchecked: 0,
  enforcedUnmatched: 0,
  fieldsUnreadable: 0,
  batches: 1,
  hold: HOLD,
  lag: { batches: [], sumMs: 0 },
  evaluation: { batches: 1, sampledBatches: 0, sampledMs: [] },
};

function summary(changed: Partial<Summary> = {}): Summary {
  return {
    engine: ENGINE,
    drops: { occurrences: 0, actions: 0 },
    images: { lost: 0, eventsWithout: 0 },
    rules: {
      generation: 0,
      modules: [],
      leftOut: [],
      setAside: { list: [], count: 0, milliseconds: 0 },
      reloads: { succeeded: 0, failed: 0, isRefused: false },
    },
    alerts: {
      alerts: 3,
      rules: [],
      byRule: new Map([
        ['A', 1],
        ['B', 2],
      ]),
      heldForUser: 0,
      undecidedForUser: 0,
      held: 0,
      heldInVain: 0,
      withoutContainer: new Map(),
    },
    names: { names: 0, resolved: 0, failures: 0, overflows: 0 },
    containers: { pending: 0, known: 0, unknown: 0, podsKnown: 0, podsUnknown: 0, failures: [] },
    outputs: [{ name: 'stdout', counters: { written: 3, dropped: 0, errors: 0 } }],
    tampering: { present: [], counts: new Map() },
    hooks: { missing: [], needed: [], blindRules: [], isAllowed: false },
    ...changed,
  };
}

test('events, alerts and drops, with the rules that fired most first', () => {
  assert.equal(
    renderSummary(summary(), 12.34),
    [
      'Watched for 12.3 s: 1,234,567 events, 3 alerts, no event lost.',
      '  events   1,233,000 evaluated, 1,567 filtered in the kernel, 0 dropped',
      '        2  B',
      '        1  A',
      '',
    ].join('\n'),
  );
});

test('whatever was lost is reported', () => {
  const capture = { ...CAPTURE, dropped: [40, 2], missedRuns: 7, imagesLost: 5, malformed: 3 };
  const text = renderSummary(
    summary({
      engine: { ...ENGINE, capture, matchesDropped: 7 },
      images: { lost: 5, eventsWithout: 2, last: { from: 1000, to: 3000, images: 5, events: 2 } },
      outputs: [{ name: 'file', counters: { written: 0, heldBack: 1, dropped: 9, errors: 1 } }],
    }),
    1,
  );
  assert.match(text, /49 events lost/);
  assert.match(text, /calls +7 missed/);
  assert.match(text, /7 dropped: alerts came faster/);
  assert.match(text, /records +3 were invalid/);
  assert.match(text, /49 events lost, 5 records of processes lost/);
  assert.match(
    text,
    /processes +last loss: 5 records of processes lost, 2 events evaluated without a process, from 1970-01-01T00:00:01\.000000000Z to 1970-01-01T00:00:03\.000000000Z/,
  );
  assert.match(text, /file +9 alerts not written/);
  assert.match(text, /file +1 alert held back as repetition/);
});

test('a recording reports all that it lacks', () => {
  const capture = { ...CAPTURE, dropped: [40, 2], missedRuns: 7, imagesLost: 5 };
  const file = { bytes: 2 * 1024 * 1024, blocks: 1, events: 1024, refused: 3 };
  assert.equal(
    renderRecorded({ engine: { ...ENGINE, capture }, file, seconds: 1 }),
    [
      'Recorded for 1.0 s: 1,024 events, 2.00 MB in 1 block, 2048.0 bytes an event.',
      '  events   42 dropped: they came faster than they could be written',
      '  calls    7 missed: the kernel was running another BPF program',
      '  events   3 left out: the file was full',
      '  processes  5 lost',
      '',
    ].join('\n'),
  );
});

test('drops that were occurrences are reported with what was done, in the words of Falco', () => {
  const drops = { occurrences: 1200, actions: 9 };
  assert.match(
    renderSummary(summary({ drops }), 1),
    /\n {2}drops {4}event drop detected: 1,200 occurrences, num times actions taken: 9\n/,
  );
});

test('an engine that gave no numbers is reported as having given none', () => {
  assert.match(renderSummary(summary({ engine: undefined }), 1), /3 alerts; the engine gave no numbers/);
});

test('the name of a rule, which comes from a module of others, is escaped', () => {
  assert.deepEqual(ruleLines(new Map([['a\x1b[2J\u202eb', 2]])), ['        2  a\\u001b[2J\\u202eb']);
});
