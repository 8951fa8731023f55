// Captures as somebody hostile could make them: with notes of any shape, bytes that are flipped and texts that control a terminal. All are reported
// without a crash, and with nothing that a terminal would obey.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { noteBytes } from '../../../host/captures/notes/capture-notes.ts';
import { readNotes } from '../../../host/captures/notes/read-notes.ts';
import { reportHtml } from '../../../host/captures/report/html.ts';
import { reportJson } from '../../../host/captures/report/json.ts';
import { reportOf } from '../../../host/captures/report/report.ts';
import type { State } from '../../../host/captures/state/state.ts';
import { BLOCK_KIND } from '../../../host/recording/format.ts';
import { ALERT, blocks, MASK, reportOfBytes, STATE, textOf } from '../../support/records/dropper-capture.ts';
import { Folder, writeBlocks } from '../../support/records/recordings.ts';

process.env.TZ = 'UTC';

test('notes of another shape are left out, and bytes that are flipped never end in a crash', () => {
  const whole = blocks();
  const other = [
    { kind: BLOCK_KIND.ALERT, events: 0, payload: Buffer.from('{"alert":{"rule":1}}') },
    { kind: BLOCK_KIND.ALERT, events: 0, payload: Buffer.from('no JSON') },
    { kind: BLOCK_KIND.STATE, events: 0, payload: Buffer.from('{"processes":[{}]}') },
  ];
  const report = reportOfBytes(writeBlocks([...other, ...whole]).bytes);
  assert.equal(report.alerts.length, 1);
  const { bytes, starts } = writeBlocks(whole);
  using folder = new Folder();
  const path = folder.file('damaged.wsp');
  for (let place = starts[0] ?? 0; place < bytes.length; place += 13) {
    const damaged = Buffer.from(bytes);
    damaged[place] = (damaged[place] ?? 0) ^ 0x21;
    writeFileSync(path, damaged);
    textOf(reportOf(path, readNotes(path)));
  }
  assert.ok(readFileSync(path).length > 0);
});

/** Copies of a value, each with another value at one place of it. */
function* changedOnce(value: unknown, others: readonly unknown[]): Generator<unknown> {
  yield* others;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, each] of Object.entries(value)) {
    for (const other of changedOnce(each, others)) {
      yield Array.isArray(value) ? value.with(Number(key), other) : { ...value, [key]: other };
    }
  }
}

test('a note with any value at any place is shown or left out', () => {
  const numbers = [-1, 1.5, 1e300, -1e300, 8.64e15, 2 ** 53, 2 ** 32];
  const others = [...numbers, '', '9'.repeat(30), '-5', '1e5', 'x\ny', null, [], [null], {}, true];
  const alert = {
    kind: BLOCK_KIND.ALERT,
    payload: noteBytes({ alert: ALERT, terms: { scope: 'all', beforeMs: 1, afterMs: 1 } }),
  };
  const state = { kind: BLOCK_KIND.STATE, payload: noteBytes(STATE) };
  let shown = 0;
  for (const [changed, kept] of [
    [alert, state],
    [state, alert],
  ] as const) {
    for (const json of changedOnce(JSON.parse(Buffer.from(changed.payload).toString()), others)) {
      const notes = [{ ...changed, payload: Buffer.from(JSON.stringify(json)) }, kept];
      using folder = new Folder();
      const path = folder.file('changed.wsp');
      writeFileSync(path, writeBlocks(notes.map((note) => ({ ...note, events: 0 }))).bytes);
      const report = reportOf(path, readNotes(path));
      for (const text of [textOf(report), reportJson(report, MASK), reportHtml(report, MASK)]) assert.ok(text !== '');
      shown++;
    }
  }
  assert.ok(shown > 500, `${shown}`);
});

test('nothing of a hostile capture reaches a terminal as it is', () => {
  const hostile = 'x\x1b[2J\u009b2J\u202e';
  const alert = {
    ...ALERT,
    rule: hostile,
    priority: hostile,
    message: hostile,
    container: hostile,
    fields: { f: hostile },
  };
  const state: State = {
    ...STATE,
    listening: [{ protocol: 'tcp', address: `${hostile}\ny`, pids: [] }],
    changed: [{ path: hostile, kind: 'file', size: 9, mode: 0o755, user: 0, modified: 1, changed: 1, sha256: hostile }],
    missing: [hostile],
  };
  const report = reportOfBytes(
    writeBlocks([
      { kind: BLOCK_KIND.ALERT, events: 0, payload: noteBytes({ alert }) },
      { kind: BLOCK_KIND.STATE, events: 0, payload: noteBytes(state) },
    ]).bytes,
  );
  for (const text of [textOf(report), reportJson(report, MASK), reportHtml(report, MASK)]) {
    assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Bidi_Control}]/u);
  }
  assert.match(textOf(report), /sha256 \(invalid\)/);
  assert.doesNotMatch(textOf(report), /^y /m);
});
