// Calls that act on files: each says what it does, and each that changes one is known to the journal, to activity and to reports.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { deedOf } from '../../../host/captures/report/deeds.ts';
import { ACTIVITY_TYPES, actionOf } from '../../../host/journal/activity/actions.ts';
import { EventView, History } from '../../../host/journal/event-views.ts';
import { journalWants } from '../../../host/journal/wants.ts';
import { callsThat, effectOf, FILE_CHANGES } from '../../../host/schema/events/effects.ts';
import { EVENT_TYPES, type EventType } from '../../../host/schema/events/index.ts';
import { event, process } from '../../support/records/built-agent.ts';
import { Folder, logEntry, payloadOf, writeBlocks } from '../../support/records/recordings.ts';
import { assertSameNames } from '../../support/same-names.ts';

/** Times are set of each file that is copied; what ftruncate changes was opened for writing. */
const NOT_KEPT = new Set(['utime', 'utimes', 'futimesat', 'utimensat', 'ftruncate']);
/** Changes of times are no activity. */
const NOT_SHOWN = new Set(['utime', 'utimes', 'futimesat', 'utimensat']);

/** They make a file of another one. */
const MADE: ReadonlySet<string> = new Set(callsThat('renames', 'links', 'links-symbolically'));

const CHANGING: ReadonlySet<string> = new Set(callsThat(...FILE_CHANGES));

const ONE = { name: '/tmp/one', raw: '/tmp/one', dirfd: -100 };
const TWO = { old_name: '/tmp/old', old_raw: '/tmp/old', new_name: '/tmp/new', new_raw: '/tmp/new' };

/** A change that succeeded. */
function changeBy({ name, shape }: EventType): Uint8Array {
  if (shape === 'paths') return event(name, 1, { result: 0, ...TWO });
  if (shape === 'path') return event(name, 1, { result: 0, ...ONE });
  return event(name, 1, { result: 0, kind: 'f'.charCodeAt(0), resolved: '/tmp/one' });
}

test('each call that names files says what it does', () => {
  const silent = EVENT_TYPES.filter(({ shape }) => shape === 'open' || shape === 'path' || shape === 'paths').filter(
    (type) => effectOf(type) === undefined,
  );
  assertSameNames(
    silent.map(({ name }) => name),
    [],
    `a row in host/schema/events/ says it: \`does\`. For what no other call does: host/schema/events/README.md, "To add an event"`,
  );
});

test('the journal keeps each change of a file', () => {
  const { eventTypes } = journalWants(['files']);
  const kept = [...CHANGING, ...callsThat('opens')].filter((name) => !NOT_KEPT.has(name));
  assert.deepEqual(eventTypes, kept.toSorted());
});

test('activity and the report of a capture show each change of a file as one', () => {
  const types = EVENT_TYPES.filter(({ name }) => CHANGING.has(name));
  const { bytes } = writeBlocks([
    { payload: payloadOf([logEntry(process(1, { kind: 5 }))], types.map(changeBy)), events: types.length },
  ]);
  using folder = new Folder();
  writeFileSync(folder.file('changes.wsp'), bytes);
  using history = new History(folder.file('changes.wsp'));
  const seen: string[] = [];
  for (const view of history.items()) {
    if (!(view instanceof EventView)) continue;
    const { type } = view;
    seen.push(type);
    const { kind, path, text } = deedOf(view);
    assert.equal(kind, 'file', type);
    assert.equal(path, MADE.has(type) ? '/tmp/new' : '/tmp/one', `${type}: ${text}`);
    assert.ok(text.endsWith(` ${path}`), text);
    assert.equal(ACTIVITY_TYPES.has(type), !NOT_SHOWN.has(type), type);
    if (!ACTIVITY_TYPES.has(type)) continue;
    const action = actionOf(view);
    assert.ok(action?.kind === 'file', type);
    assert.deepEqual([action.path, action.other], MADE.has(type) ? ['/tmp/new', '/tmp/old'] : ['/tmp/one', undefined]);
  }
  assert.deepEqual(
    seen,
    types.map(({ name }) => name),
  );
});
