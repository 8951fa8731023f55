// Captures by rules, in the engine: types of events that no rule wants are captured only behind a kernel filter, and nobody waits long for it.

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import type { Capture } from '../../../host/capture/native.ts';
import { Engine, type EngineOptions } from '../../../host/engine/engine.ts';
import type { IdleWorker } from '../../../host/engine/host/idle-worker.ts';
import type { EngineListener } from '../../../host/engine/host/listener.ts';
import type { JournalTaps } from '../../../host/engine/journal/journal-taps.ts';
import { Replacement } from '../../../host/engine/loop/replacement.ts';
import { WideCapture } from '../../../host/engine/loop/wide-capture.ts';
import { Control } from '../../../host/engine/messages/control.ts';
import type { CaptureScopes, FromWorker } from '../../../host/engine/messages/protocol.ts';
import type { ModuleSet } from '../../../host/engine/modules/module-set.ts';

type Change = readonly [types: readonly string[], bank: number | undefined];

const FILTERED = { eventTypes: ['open'], isFiltered: true, bank: 0, modules: [] } as unknown as ModuleSet;
const UNFILTERED = { ...FILTERED, isFiltered: false } as ModuleSet;
const scopes = (...trees: readonly number[]): CaptureScopes => ({
  all: false,
  containers: [],
  trees,
  eventTypes: ['open', 'close'],
});

/** What is used of a capture and of the taps. */
function wide(ahead: readonly string[] = []) {
  const changes: Change[] = [];
  const loaded: (readonly string[])[] = [];
  let failure: Error | undefined;
  const capture = {
    captureScopes: () => {},
    prepareFilter: () => {},
    listImages: () => 0,
    missing: () => [],
    beginChange: (types: readonly string[], bank?: number) => changes.push([types, bank]),
    beginLoading: (types: readonly string[]) => loaded.push(types),
    isChanged: () => {
      if (failure) throw failure;
      return true;
    },
  } as unknown as Capture;
  const tap = { flush: () => {}, select: () => {}, beginSegment: () => {}, isOn: true };
  const taps = { journal: tap, captures: tap } as unknown as JournalTaps;
  const fail = (error: Error | undefined) => {
    failure = error;
  };
  return { capture, changes, loaded, fail, wide: new WideCapture(capture, taps, ahead) };
}

describe('captures: types of events that no rule wants', () => {
  it('are captured once, though each message has its own list', () => {
    const { wide: own, changes } = wide();
    for (const message of [scopes(1), scopes(1, 2), scopes(2)]) {
      own.set(message);
      for (let step = 0; step < 3; step++) assert.equal(own.step(FILTERED), undefined);
    }
    assert.deepEqual(changes, [[['open', 'close'], 0]]);
    own.set(scopes());
    own.step(FILTERED);
    assert.deepEqual(changes.slice(1), [[['open'], 0]]);
  });

  it('are not captured without a kernel filter, which is reported once', () => {
    const { wide: own, changes } = wide();
    own.set(scopes(1));
    assert.match(String(own.step(UNFILTERED)), /no kernel filter/);
    own.set(scopes(2));
    assert.equal(own.step(UNFILTERED), undefined);
    assert.deepEqual(changes, []);
  });

  it('are tried again later when that failed', (t: TestContext) => {
    const { wide: own, changes, fail } = wide();
    let now = 1000;
    t.mock.method(performance, 'now', () => now);
    own.set(scopes(1));
    own.step(FILTERED);
    fail(new Error('refused'));
    assert.match(String(own.step(FILTERED)), /refused/);
    fail(undefined);
    for (let step = 0; step < 3; step++) assert.equal(own.step(FILTERED), undefined);
    assert.equal(changes.length, 1);
    now += 60_000;
    own.step(FILTERED);
    assert.equal(changes.length, 2);
  });

  it('have their programs loaded ahead, once, some time after the start, for rules with a kernel filter', (t: TestContext) => {
    let now = 1000;
    t.mock.method(performance, 'now', () => now);
    const { wide: own, changes, loaded } = wide(['open', 'close']);
    own.step(FILTERED);
    assert.deepEqual(loaded, []);
    now += 60_000;
    own.step(UNFILTERED);
    assert.deepEqual(loaded, []);
    own.step(FILTERED);
    assert.ok(own.isUnderWay, 'rules are not replaced meanwhile');
    for (let step = 0; step < 3; step++) assert.equal(own.step(FILTERED), undefined);
    assert.deepEqual([loaded, changes, own.isUnderWay], [[['open', 'close']], [], false]);
  });

  it('have their programs loaded by the first capture where that failed ahead, which is reported', (t: TestContext) => {
    let now = 1000;
    t.mock.method(performance, 'now', () => now);
    const { wide: own, changes, loaded, fail } = wide(['open', 'close']);
    now += 60_000;
    own.step(FILTERED);
    fail(new Error('no memory'));
    assert.match(String(own.step(FILTERED)), /no memory/);
    fail(undefined);
    assert.equal(own.step(FILTERED), undefined);
    assert.deepEqual([loaded.length, changes], [1, []]);
    own.set(scopes(1));
    own.step(FILTERED);
    assert.deepEqual(changes, [[['open', 'close'], 0]], 'at once');
  });

  for (const next of [FILTERED, UNFILTERED]) {
    it(`come with other rules when these are in use, ${next.isFiltered ? 'with' : 'without'} a kernel filter`, () => {
      const { wide: own, capture, changes } = wide();
      own.set(scopes(1));
      const sent: FromWorker[] = [];
      const replacement = new Replacement(
        FILTERED,
        { generation: 1, modules: [], eventTypes: [] },
        {
          capture,
          bindSet: () => ({ ...next, bank: 1 }) as ModuleSet,
          send: (message) => sent.push(message),
          beside: () => own.applied(),
          unsettled: () => own.failed(),
          mayTakeOver: () => true,
          patience: 0,
          takeOver: () => {},
        },
      );
      for (let step = 0; step < 20 && !replacement.isDone; step++) replacement.step();
      assert.deepEqual(
        sent.map(({ kind }) => kind),
        ['replaced', 'settled'],
      );
      assert.deepEqual(changes, [
        [['open'], undefined],
        next.isFiltered ? [['open', 'close'], 1] : [['open'], undefined],
      ]);
    });
  }
});

it('captures: a worker that does not answer is not waited for', async (t) => {
  const worker = Object.assign(new EventEmitter(), { postMessage: () => {}, terminate: async () => 0 });
  const idle = {
    control: new Control(),
    begin() {
      setImmediate(() => worker.emit('message', { kind: 'started', capture: 0, cpus: 1, memoryBytes: 0, missing: [] }));
      return worker;
    },
  };
  // What an engine uses of them.
  const engine = await Engine.start({} as EngineOptions, {} as EngineListener, idle as unknown as IdleWorker);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const set = Promise.all([engine.setCaptures(scopes(1)), engine.setCaptures(scopes(2))]);
  // The sum of times is a little more than the limit, as numbers go.
  t.mock.timers.tick(2_001);
  await set;
});
