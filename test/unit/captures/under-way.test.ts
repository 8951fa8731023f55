// Captures that are under way: their threads, which a hostile process may make hang, and their bounds.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type CaptureSettings, Captures, type CapturesHost } from '../../../host/captures/captures.ts';
import { MOST_ALERTS } from '../../../host/captures/notes/capture-notes.ts';
import { readNotes } from '../../../host/captures/notes/read-notes.ts';
import { ActiveCapture, type BeforeEvents } from '../../../host/captures/writer/active-capture.ts';
import { makeRoom } from '../../../host/captures/writer/make-room.ts';
import { directoryForTests } from '../../support/directory.ts';
import { FACTS } from '../../support/records/recordings.ts';
import { until } from '../../support/until.ts';

const directory = directoryForTests();
let number = 0;

function folder(): string {
  const path = join(directory, String(number++));
  mkdirSync(path);
  return path;
}

const alertOf = (rule: string) => ({
  rule,
  priority: 'Critical',
  time: BigInt(Date.now()) * 1_000_000n,
  message: 'm',
  tags: [],
  fields: {},
  pid: process.pid,
  container: 'host',
});

/** Captures of sessions, with a host whose parts a test may replace. */
function start(place: string, host: Partial<CapturesHost>, given: Partial<CaptureSettings> = {}) {
  const failures: string[] = [];
  const captures = new Captures(
    {
      ...{ pathPrefix: join(place, 'c'), mode: 'rules', duration: 20, before: 0, scope: 'process_tree', state: false },
      ...{ fileBytes: 1 << 20, totalBytes: 1 << 30, perRule: 100 },
      ...given,
    },
    {
      setScopes: () => Promise.resolve(),
      before: () => Promise.resolve({ segments: [] }),
      facts: () => FACTS,
      dropped: () => 0,
      onFailure: (message) => failures.push(message),
      ...host,
    },
  );
  return { captures, failures };
}

/** A segment that no thread can open: as a file system that does not answer. */
function hanging(place: string): { readonly before: BeforeEvents; release(): void } {
  const path = join(place, 'fifo');
  execFileSync('mkfifo', [path]);
  return {
    before: { segments: [{ path, bytes: 100 }] },
    release: () => closeSync(openSync(path, constants.O_RDWR | constants.O_NONBLOCK)),
  };
}

describe('captures under way', () => {
  it('one whose thread hangs is reported, and counts until the thread has ended', async () => {
    const place = folder();
    const stuck = hanging(place);
    const { captures, failures } = start(place, { before: () => Promise.resolve(stuck.before) });
    try {
      assert.ok(captures.take({ alert: alertOf('r'), session: 7 }));
      await until(() => failures.length === 1);
      assert.match(failures[0] ?? '', /is incomplete: the disk, or a file system of a process, does not answer/);
      assert.deepEqual(captures.summary, { active: 1, made: 0, failed: 1, refused: 0 });
      for (const session of [1, 2, 3]) assert.ok(captures.take({ alert: alertOf('r'), session }));
      assert.equal(captures.take({ alert: alertOf('r'), session: 4 }), undefined);
      const began = performance.now();
      await captures.close();
      assert.ok(performance.now() - began < 9_000);
    } finally {
      await untilReleased(stuck, () => captures.summary.active === 0);
    }
  });

  it('close() ends, though engine and journal do not answer', async () => {
    const never = (): Promise<never> => new Promise(() => {});
    const { captures } = start(folder(), { setScopes: never, before: never });
    const name = captures.take({ alert: alertOf('r'), session: 7 });
    assert.ok(name);
    await captures.close();
    assert.equal(captures.summary.made, 1);
  });

  it('one that ends before its past has come waits for it', async () => {
    const place = folder();
    const past = { segments: [], missing: 'The past came late.' };
    const { captures } = start(place, { before: () => pause(300, past) }, { state: true });
    const name = captures.take({ alert: alertOf('first'), session: 0 }) ?? '';
    captures.take({ alert: alertOf('second'), session: 0 });
    await until(() => captures.summary.made === 1);
    const notes = readNotes(join(place, name));
    assert.deepEqual(
      notes.alerts.map(({ rule }) => rule),
      ['first', 'second'],
    );
    assert.equal(notes.terms?.scope, 'process_tree');
    assert.ok(notes.state);
    assert.deepEqual(notes.cuts, ['The past came late.']);
  });

  it('one without a past has its alert, and says so', async () => {
    const place = folder();
    const capture = activeIn(place);
    assert.equal((await capture.end(0, 1, [])).kind, 'done');
    capture.before({ segments: [], missing: 'never' });
    const notes = readNotes(join(place, 'c.wsp'));
    assert.equal(notes.alerts.length, 1);
    assert.deepEqual(notes.cuts, ['Events before the alert are missing: they did not come in time.']);
    await capture.exited;
  });

  it('what a thread does not take is left out, and said', async () => {
    const place = folder();
    const stuck = hanging(place);
    const capture = activeIn(place);
    capture.before(stuck.before);
    for (let block = 0; block < 100; block++) capture.block(new Uint8Array(0));
    for (let alert = 0; alert < MOST_ALERTS + 9; alert++) capture.alert({ alert: alertOf('later') });
    const ended = capture.end(0, 1, []);
    let isGone = false;
    void capture.exited.then(() => {
      isGone = true;
    });
    await untilReleased(stuck, () => isGone);
    assert.equal((await ended).kind, 'done');
    const cuts = readNotes(join(place, 'c.wsp')).cuts;
    assert.ok(
      cuts.includes('36 blocks of events are missing: they could not be written as fast as they came.'),
      cuts.join('\n'),
    );
    assert.ok(cuts.includes('10 later alerts are missing: a capture has 1024 at most.'), cuts.join('\n'));
  });

  it('blocks that were written make room for others', async () => {
    const place = folder();
    const capture = activeIn(place);
    capture.before({ segments: [] });
    for (let round = 0; round < 4; round++) {
      for (let block = 0; block < 60; block++) capture.block(new Uint8Array(0));
      await until(() => capture.waitingBlocks === 0);
    }
    await capture.end(0, 1, []);
    assert.deepEqual(readNotes(join(place, 'c.wsp')).cuts, []);
  });

  it('each refusal is reported', async () => {
    const { captures, failures } = start(folder(), {}, { perRule: 1 });
    assert.ok(captures.take({ alert: alertOf('A'), session: 1 }));
    for (const session of [2, 3]) assert.equal(captures.take({ alert: alertOf('A'), session }), undefined);
    assert.equal(failures.length, 2);
    await captures.close();
  });

  it('a folder that can not be made is reported at once', async () => {
    const place = folder();
    writeFileSync(join(place, 'file'), '');
    const { captures, failures } = start(place, {}, { pathPrefix: join(place, 'file/c'), duration: 60_000 });
    captures.take({ alert: alertOf('r'), session: 7 });
    await until(() => failures.length === 1);
    assert.match(failures[0] ?? '', /is incomplete: /);
    await captures.close();
  });

  it('room is made for those that are under way, too', () => {
    const place = folder();
    const name = (index: number): string => `c_${String(index).padStart(20, '0')}_${'0'.repeat(20)}.wsp`;
    for (let index = 0; index < 5; index++) writeFileSync(join(place, name(index)), new Uint8Array(100));
    const plan = { pathPrefix: join(place, 'c'), fileBytes: 100, totalBytes: 500 };
    makeRoom({ ...plan, running: [name(0), name(9)] });
    assert.deepEqual(readdirSync(place).sort(), [name(0), name(3), name(4)]);
  });

  it('captures of a clock that was far ahead are the first that make room', () => {
    const place = folder();
    const now = BigInt(Date.now()) * 1_000_000n;
    const day = 86_400_000_000_000n;
    const name = (time: bigint): string => `c_${String(time).padStart(20, '0')}_${'0'.repeat(20)}.wsp`;
    const names = [now - day, now - 5n, now + day / 2n, now + 900n * day, now + 901n * day].map(name);
    for (const each of names) writeFileSync(join(place, each), new Uint8Array(100));
    makeRoom({ pathPrefix: join(place, 'c'), fileBytes: 100, totalBytes: 500, running: [] });
    assert.deepEqual(
      readdirSync(place).sort(),
      [0, 1, 2, 4].map((index) => names[index]),
    );
    makeRoom({ pathPrefix: join(place, 'c'), fileBytes: 100, totalBytes: 300, running: [] });
    assert.deepEqual(
      readdirSync(place).sort(),
      [1, 2].map((index) => names[index]),
    );
  });
});

/** A thread may come to it only later. */
async function untilReleased(stuck: { release(): void }, isGone: () => boolean): Promise<void> {
  await until(() => {
    stuck.release();
    return isGone();
  });
}

function activeIn(place: string): ActiveCapture {
  return new ActiveCapture({
    plan: { path: join(place, 'c.wsp'), facts: FACTS, scope: { kind: 'all' }, since: 0n, mostBytes: 1 << 20 },
    room: { pathPrefix: join(place, 'c'), fileBytes: 1 << 20, totalBytes: 1 << 30, running: [] },
    captured: { alert: alertOf('first'), terms: { scope: 'all', beforeMs: 0, afterMs: 1 } },
    takesState: false,
  });
}
