// Records whose times are wrong: of a clock that was set, or of a file that somebody has made. All that reads them shows what is there, a limit of
// time leaves out exactly what is before it, and nothing is removed by a clock that was ahead for a moment.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import { readNotes } from '../../../host/captures/notes/read-notes.ts';
import { reportHtml } from '../../../host/captures/report/html.ts';
import { reportJson } from '../../../host/captures/report/json.ts';
import { reportOf } from '../../../host/captures/report/report.ts';
import { reportText } from '../../../host/captures/report/text.ts';
import { backtestJson, renderBacktest } from '../../../host/cli/reports/backtest-report.ts';
import { renderSession } from '../../../host/cli/reports/session-report.ts';
import { SILENT } from '../../../host/diagnostics/terminal.ts';
import { ActivityLog } from '../../../host/journal/activity/activity-log.ts';
import { noteText } from '../../../host/journal/activity/note-text.ts';
import { gapsOf, readFile } from '../../../host/journal/activity/read-activity.ts';
import { commandsOf } from '../../../host/journal/activity/session.ts';
import { sessionJson } from '../../../host/journal/activity/session-json.ts';
import { AgeClock } from '../../../host/journal/age-clock.ts';
import { findHistory, type HistoryFile } from '../../../host/journal/history.ts';
import { AUDIT_FILES, SEGMENTS } from '../../../host/journal/retention.ts';
import { SecretMask } from '../../../host/journal/secrets/mask-secrets.ts';
import { encodeIndex } from '../../../host/journal/segment-index.ts';
import { StoredFiles } from '../../../host/journal/stored-files.ts';
import { BLOCK_KIND } from '../../../host/recording/format.ts';
import { PayloadBuilder } from '../../../host/recording/payload.ts';
import { directoryForTest } from '../../support/directory.ts';
import { backtestOn } from '../../support/records/backtests.ts';
import { moduleOf, process as processImage, shadowRead } from '../../support/records/built-agent.ts';
import { FACTS, Folder, logEntry, replayRecording, writeBlocks } from '../../support/records/recordings.ts';
import { Story } from '../../support/records/story.ts';

const HOUR = 3_600_000;
const BEGAN = Number(FACTS.started / 1_000_000n);
const MASK = new SecretMask();
/** What a text has of a time that no date is made of. */
const NO_TIME = /NaN|Invalid|Infinity|undefined/;

let module: RuleModule;
before(async () => {
  module = await moduleOf(`
- rule: Shadow read
  desc: d
  condition: evt.type = openat and fd.name = /etc/shadow
  output: "%evt.time %evt.time.iso8601 %evt.datetime %evt.rawtime %proc.duration %proc.ppid.duration %fd.name"
  priority: WARNING
`);
});

/** Times as a record can have them. */
const times = fc.oneof(
  fc.constantFrom(0n, 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n, FACTS.started),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: -7200n, max: 7200n }).map((seconds) => FACTS.started + seconds * 1_000_000_000n),
);

interface Happening {
  readonly event: bigint;
  /** Of its process: when it was forked, and when its image was made. */
  readonly start: bigint;
  readonly image: bigint;
  /** Of the monotonic clock, when it was read. */
  readonly clock: bigint;
}

const happenings = fc.array(fc.record<Happening>({ event: times, start: times, image: times, clock: times }), {
  minLength: 1,
  maxLength: 12,
});

function recording(all: readonly Happening[]): Buffer {
  const builder = new PayloadBuilder();
  for (const [index, { event, start, image, clock }] of all.entries()) {
    builder.step(clock, true);
    builder.images(
      logEntry(
        processImage(index + 1, { pid: 500 + index, parent: index, start_time: start, time: image, comm_bytes: 'cat' }),
      ),
    );
    builder.records(shadowRead(index + 1, { time: event }), () => 1);
  }
  return writeBlocks([{ payload: builder.take(), events: all.length }]).bytes;
}

test('a backtest and a replay have each event, and a limit of time leaves out exactly those before it', async () => {
  await fc.assert(
    fc.asyncProperty(happenings, times, async (all, limit) => {
      using folder = new Folder();
      const path = folder.file('clocks.wsp');
      writeFileSync(path, recording(all));
      const { text, json } = await replayRecording(path, module, 'all');
      assert.deepEqual([text.length, json.length], [all.length, all.length]);
      for (const line of [...text, ...json]) assert.doesNotMatch(line, NO_TIME);
      const since = Number(limit / 1_000_000n);
      const result = await backtestOn([path], module, { since });
      const [figures] = result.rules.map((rule) => rule.figures);
      const later = all.filter(({ event }) => event >= BigInt(since) * 1_000_000n);
      assert.equal(figures?.alerts, later.length);
      const [{ from, to } = assert.fail()] = findHistory([path]).files;
      const report = { result, paths: [path], span: { from, to }, mask: MASK };
      for (const shown of [renderBacktest(report, SILENT), JSON.stringify(backtestJson(report))]) {
        assert.doesNotMatch(shown, NO_TIME);
      }
    }),
    { numRuns: 15 },
  );
});

test('activity and captures show processes and events of any times', async () => {
  await fc.assert(
    fc.property(happenings, times, (all, limit) => {
      using folder = new Folder();
      const path = folder.file('clocks.wsp');
      const story = new Story().snapshot(1, 0, '/usr/lib/systemd/systemd').snapshot(50, 1, '/usr/sbin/cron -f');
      for (const [index, { event, start, image, clock }] of all.entries()) {
        const pid = 100 + index;
        story.fork(pid, 50, { start_time: start, time: start }).exec(pid, 'sh -c x', { time: image });
        story.wrote(pid, `/tmp/${index}`, { time: event }).change(pid, { time: clock }).exit(pid);
      }
      const alert = {
        ...{ rule: 'r', priority: 'Warning', time: limit, message: 'm', tags: [], fields: {} },
        ...{ pid: 100, container: 'host' },
      };
      writeFileSync(path, story.captured({ ...alert, time: limit % 10n ** 19n }));
      const [file] = findHistory([path]).files;
      assert.ok(file);
      for (const since of [0n, limit]) {
        const log = new ActivityLog({ mask: MASK, since });
        readFile(file, log);
        for (const session of log.sessions) {
          for (const text of [renderSession(session, { terminal: SILENT, full: true }), sessionJson(session)]) {
            assert.doesNotMatch(text, NO_TIME);
          }
        }
        if (since > 0n) continue;
        const written = log.sessions.flatMap((session) => [...sessionJson(session).matchAll(/"path":"\/tmp\/\d+"/g)]);
        assert.equal(new Set(written.map(([path]) => path)).size, all.length);
        const run = log.sessions.flatMap((session) =>
          [...commandsOf(session)].filter(({ words }) => words[0] === 'sh'),
        );
        assert.equal(run.length, all.length);
      }
      const report = reportOf(path, readNotes(path));
      const text = reportText(report, { width: 1000, bold: (title) => title, mask: MASK });
      for (const shown of [text, reportHtml(report, MASK), reportJson(report, MASK)])
        assert.doesNotMatch(shown, NO_TIME);
      assert.equal(report.timeline.length >= all.length, true);
    }),
    { numRuns: 30 },
  );
});

/** A segment whose index has these times, in ms. */
function segment(path: string, spans: readonly (readonly [from: number, to: number])[], changed: number): string {
  const index = spans.map(([from, to], at) => ({
    at,
    events: 1,
    from,
    to,
    pids: [1],
    containers: ['host'],
    types: [],
  }));
  writeFileSync(path, writeBlocks([{ kind: BLOCK_KIND.INDEX, payload: encodeIndex(index), events: 0 }]).bytes);
  utimesSync(path, changed / 1000, changed / 1000);
  return path;
}

test('a file is found by the times of its events, also if the clock was set while it was written', () => {
  using folder = new Folder();
  // It began at BEGAN, then the clock was set back by ten hours.
  const back = segment(
    folder.file('back'),
    [
      [BEGAN, BEGAN + HOUR],
      [BEGAN - 10 * HOUR, BEGAN - 9 * HOUR],
    ],
    BEGAN - 9 * HOUR,
  );
  const found = (range: object) => findHistory([back], range).files.length;
  assert.equal(found({ since: BEGAN + HOUR / 2 }), 1);
  assert.equal(found({ until: BEGAN - 9.5 * HOUR }), 1);
  assert.equal(found({ since: BEGAN + 2 * HOUR }), 0);
  assert.equal(found({ until: BEGAN - 11 * HOUR }), 0);
  // Files are in the order of their first events.
  const between = segment(folder.file('a'), [[BEGAN - 5 * HOUR, BEGAN]], BEGAN);
  assert.deepEqual(
    findHistory([between, back]).files.map(({ path }) => path),
    [back, between],
  );
});

test('a file that was changed at any time has times that can be shown', () => {
  using folder = new Folder();
  const path = segment(folder.file('a'), [[0, Number.MAX_SAFE_INTEGER - 1]], BEGAN);
  for (const seconds of [0, 1, -1, -(2 ** 31), 2 ** 33, 2 ** 40, 2 ** 53]) {
    try {
      utimesSync(path, seconds, seconds);
    } catch {
      // Not every file system has such times.
      continue;
    }
    const [{ from, to } = assert.fail()] = findHistory([path]).files;
    for (const time of [from, to]) assert.doesNotThrow(() => new Date(time).toISOString(), `${time}`);
    assert.ok(from <= to);
  }
});

test('files of a clock that was ahead make no gaps in what is known until now', () => {
  const at = (from: number, to: number): HistoryFile => ({
    ...{ path: '', bytes: 1, isComplete: true, from, to },
    facts: { ...FACTS, started: BigInt(from) * 1_000_000n },
  });
  const files = [at(10 * HOUR, 11 * HOUR), at(20 * HOUR, 21 * HOUR)];
  assert.deepEqual(gapsOf(files, 10 * HOUR, 11 * HOUR), []);
  assert.equal(gapsOf(files, 10 * HOUR, 22 * HOUR).length, 2);
  assert.deepEqual(gapsOf([at(20 * HOUR, 21 * HOUR)], undefined, HOUR), []);
  const texts = gapsOf(files, 1, 8.64e15).map((note) => noteText(note));
  for (const text of texts) assert.doesNotMatch(text, NO_TIME);
});

/** The two clocks, as the test sets them. */
function clocks(context: TestContext): { wall: number; passed: number } {
  const set = { wall: Date.now(), passed: performance.now() };
  context.mock.method(Date, 'now', () => set.wall);
  context.mock.method(performance, 'now', () => set.passed);
  return set;
}

test('a clock that is set ahead is believed after an hour, one that is set back or drifts at once', (context) => {
  const set = clocks(context);
  const clock = new AgeClock();
  const goOn = (milliseconds: number): number => {
    set.wall += milliseconds;
    set.passed += milliseconds;
    return clock.now();
  };
  const begin = set.wall;
  set.wall += 3_000;
  assert.equal(goOn(1_000), begin + 4_000);
  set.wall += 10_000 * HOUR;
  assert.equal(goOn(HOUR / 2), begin + 4_000 + HOUR / 2);
  // Another step begins another hour.
  set.wall += HOUR;
  assert.equal(goOn(HOUR * 0.9), begin + 4_000 + HOUR * 1.4);
  goOn(HOUR * 0.9);
  assert.equal(goOn(HOUR * 0.2), set.wall);
  set.wall = begin;
  assert.equal(clock.now(), begin);
  // Ahead for a moment, again and again, is never believed.
  for (let time = 0; time < 100; time++) {
    set.wall += 100 * HOUR;
    assert.ok(goOn(1_000) < begin + HOUR);
    set.wall -= 100 * HOUR;
    goOn(HOUR / 200);
  }
});

test('a clock that is ahead for a moment removes nothing of the journal, nor of what is kept beside it', async (context) => {
  const folder = directoryForTest(context);
  mkdirSync(folder, { recursive: true });
  const set = clocks(context);
  const paths = [SEGMENTS.name(set.wall - HOUR), AUDIT_FILES.name(set.wall - HOUR)].map((name) => join(folder, name));
  for (const path of paths) {
    writeFileSync(path, 'x');
    utimesSync(path, (set.wall - HOUR) / 1000, (set.wall - HOUR) / 1000);
  }
  const stored = new StoredFiles(folder, SEGMENTS);
  await stored.open();
  const there = () => paths.map((path) => existsSync(path));
  const bounds = { maxBytes: 1 << 20, keep: 7 * 24 * HOUR };
  set.wall += 365 * 24 * HOUR;
  await stored.keepHouse(bounds, 0);
  assert.deepEqual(there(), [true, true]);
  set.passed += HOUR;
  set.wall += HOUR;
  await stored.keepHouse(bounds, 0);
  assert.deepEqual(there(), [false, false]);
  assert.ok(statSync(folder).isDirectory());
});
