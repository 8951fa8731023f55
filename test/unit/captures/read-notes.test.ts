// What a capture has beside its events, as a hostile file could have it: read within bounds.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { MOST_ALERTS } from '../../../host/captures/notes/capture-notes.ts';
import { readNotes, readSummary } from '../../../host/captures/notes/read-notes.ts';
import { renderCaptures } from '../../../host/cli/reports/capture-list.ts';
import { SILENT } from '../../../host/diagnostics/terminal.ts';
import { BLOCK_KIND } from '../../../host/recording/format.ts';
import { Folder, type WrittenBlock, writeBlocks } from '../../support/records/recordings.ts';

const ALERT = { rule: 'r', priority: 'p', time: '1', message: 'm', tags: [], fields: {}, pid: 1, container: '' };
const STATE = { kind: BLOCK_KIND.STATE, events: 0, payload: Buffer.from('{}') };

function block(kind: number, json: unknown): WrittenBlock {
  return { kind, events: 0, payload: Buffer.from(JSON.stringify(json)) };
}

const alertOf = (members: object = {}): WrittenBlock => block(BLOCK_KIND.ALERT, { alert: { ...ALERT, ...members } });

function written(blocks: readonly WrittenBlock[]): { folder: Folder; path: string } {
  const folder = new Folder();
  const path = folder.file('capture.wsp');
  writeFileSync(path, writeBlocks(blocks).bytes);
  return { folder, path };
}

test('alerts are bounded, by their number and by what they take', () => {
  const long = { message: 'A'.repeat(300_000) };
  const { folder, path } = written([
    alertOf(long),
    alertOf({ pid: 2 }),
    ...Array.from({ length: 100 }, () => alertOf({ message: 'A'.repeat(250_000) })),
  ]);
  using _ = folder;
  const pids = readNotes(path).alerts;
  assert.equal(pids[0]?.pid, 2);
  assert.equal(pids.length, 1 + Math.floor((16 << 20) / 250_000));
  const many = written(Array.from({ length: MOST_ALERTS + 10 }, () => alertOf()));
  using __ = many.folder;
  assert.equal(readNotes(many.path).alerts.length, MOST_ALERTS);
});

test('cuts are bounded, and what is behind the end is not read', () => {
  const end = (cuts: readonly string[]) => block(BLOCK_KIND.END, { events: 0, dropped: 0, seconds: 1, cuts });
  const many = written([alertOf(), end(Array.from({ length: 80_000 }, () => '')), alertOf()]);
  using _ = many.folder;
  const notes = readNotes(many.path);
  assert.equal(notes.cuts.length, 100);
  assert.equal(notes.alerts.length, 1);
  const long = written([alertOf(), end(Array.from({ length: 800_000 }, () => ''))]);
  using __ = long.folder;
  assert.deepEqual(readNotes(long.path).cuts, []);
});

test('a list does not read the state, and says whether there is one', () => {
  const { folder, path } = written([alertOf(), STATE]);
  using _ = folder;
  assert.equal(readSummary(path).hasState, true);
  assert.equal(readNotes(path).state, undefined);
});

test('a list has nothing that a terminal acts on', () => {
  const hostile = '\x1b]0;owned\x07\u009b2J\u202e';
  const { folder, path } = written([alertOf({ rule: hostile, priority: hostile, container: hostile })]);
  using _ = folder;
  const summary = readSummary(path);
  for (const json of [true, false]) {
    assert.doesNotMatch(
      renderCaptures([{ path, bytes: 1, summary }], json, SILENT).replaceAll('\n', ''),
      /[\p{Cc}\p{Bidi_Control}]/u,
    );
  }
});
