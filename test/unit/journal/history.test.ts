// The files of a history: found, put in order of time, and limited to a range.

import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { ActivityLog } from '../../../host/journal/activity/activity-log.ts';
import { followFile, readFile } from '../../../host/journal/activity/read-activity.ts';
import { evaluateHistory } from '../../../host/journal/backtest/evaluate.ts';
import { History } from '../../../host/journal/event-views.ts';
import { findHistory } from '../../../host/journal/history.ts';
import { SecretMask } from '../../../host/journal/secrets/mask-secrets.ts';
import { RecordingError } from '../../../host/recording/format.ts';
import { RecordingWriter } from '../../../host/recording/writer.ts';
import { exportFiles } from '../../../host/scap/write/export-files.ts';
import { FACTS, Folder } from '../../support/records/recordings.ts';

const BEGAN = Number(FACTS.started / 1_000_000n);
const HOUR = 3_600_000;

/** A recording of an hour that begins so many hours after the others. */
function record(path: string, hour: number): string {
  const writer = new RecordingWriter(path, { ...FACTS, started: BigInt(BEGAN + hour * HOUR) * 1_000_000n });
  writer.close({ dropped: 0, seconds: 3600 });
  const end = (BEGAN + (hour + 1) * HOUR) / 1000;
  utimesSync(path, end, end);
  return path;
}

const namesOf = (places: string[], since?: number, until?: number): string[] =>
  findHistory(places, { ...(since !== undefined && { since }), ...(until !== undefined && { until }) }).files.map(
    ({ path }) => path.slice(-1),
  );

test('files come in order of time, whatever their names, and each once', () => {
  using folder = new Folder();
  for (const [name, hour] of [
    ['b', 0],
    ['c', 1],
    ['a', 2],
  ] as const)
    record(folder.file(name), hour);
  assert.deepEqual(namesOf([folder.path]), ['b', 'c', 'a']);
  assert.deepEqual(namesOf([folder.file('a'), folder.path, folder.file('c')]), ['b', 'c', 'a']);
});

test('a range leaves out files that have ended before it, or begin after it', () => {
  using folder = new Folder();
  for (const [hour, name] of ['a', 'b', 'c'].entries()) record(folder.file(name), hour);
  assert.deepEqual(namesOf([folder.path], BEGAN + HOUR + 1), ['b', 'c']);
  assert.deepEqual(namesOf([folder.path], undefined, BEGAN + HOUR / 2), ['a']);
  assert.deepEqual(namesOf([folder.path], BEGAN + 1.4 * HOUR, BEGAN + 1.6 * HOUR), ['b']);
  assert.deepEqual(namesOf([folder.path], BEGAN + 9 * HOUR), []);
});

test('a file without an end is read, and one with a damaged head is reported', () => {
  using folder = new Folder();
  const cut = record(folder.file('cut'), 1);
  record(folder.file('damaged'), 2);
  truncateSync(folder.file('damaged'), 100);
  writeFileSync(folder.file('other'), 'something else');
  writeFileSync(folder.file('empty'), '');
  mkdirSync(folder.file('folder'));
  copyFileSync(cut, folder.file('whole'));
  truncateSync(cut, (findHistory([cut]).files[0]?.bytes ?? 0) - 8);
  const { files, unreadable } = findHistory([folder.path]);
  assert.deepEqual(
    files.map(({ path, isComplete }) => [path.split('/').at(-1), isComplete]),
    [
      ['cut', false],
      ['whole', true],
    ],
  );
  assert.deepEqual(
    unreadable.map(({ path, reason }) => [path.split('/').at(-1), reason]),
    [['damaged', 'its head is damaged: the file ends within it']],
  );
});

test('a named file must be a recording, and a place must exist', () => {
  using folder = new Folder();
  writeFileSync(folder.file('other'), 'something else');
  assert.throws(() => findHistory([folder.file('other')]), RecordingError);
  assert.throws(() => findHistory([folder.file('missing')]), { code: 'ENOENT' });
  assert.deepEqual(findHistory([folder.path]), { files: [], unreadable: [] });
});

test('a file that the agent removes while a history is read is reported as gone, and the others are read', async () => {
  using folder = new Folder();
  const path = record(folder.file('a'), 0);
  record(folder.file('b'), 1);
  const { files } = findHistory([folder.path]);
  rmSync(path);
  const progress: number[] = [];
  const { damage, bytes } = await evaluateHistory(files, [], { onProgress: (share) => progress.push(share) });
  assert.deepEqual(damage, [{ path, reason: 'it was removed meanwhile' }]);
  assert.equal(bytes, files[0]?.bytes && files[0].bytes + (files[1]?.bytes ?? 0));
  const log = new ActivityLog({ mask: new SecretMask([]) });
  const notes = files.map((file) => readFile(file, log).map(({ kind }) => kind));
  assert.deepEqual([notes[0], notes[1]?.includes('removed')], [['removed'], false]);
  for (const file of files.slice(0, 1)) await followFile(file, log, () => assert.fail('it was read'));
  const removed: string[] = [];
  const open = (name: string) => {
    const history = new History(name);
    const { facts, progress: read } = history;
    return { facts, progress: read, items: () => [], [Symbol.dispose]: () => history[Symbol.dispose]() };
  };
  const given = { open, onRemoved: (name: string) => removed.push(name) };
  await exportFiles(
    files.map((file) => file.path),
    folder.file('c.scap'),
    given,
  );
  assert.deepEqual(removed, [path]);
});
