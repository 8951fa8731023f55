// The performer with actors that only note what they are asked: order, time limits, what the settings say at the last moment, and the ledger.

import assert from 'node:assert/strict';
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type Actor, type Deed, RefusalError } from '../../../host/responses/action.ts';
import { Ledger, type NewEntry } from '../../../host/responses/ledger/ledger.ts';
import { readLedger } from '../../../host/responses/ledger/ledger-file.ts';
import { uptime } from '../../../host/responses/ledger/time-left.ts';
import type { LedgerEntry, Phase } from '../../../host/responses/ledger-entry.ts';
import { Performer } from '../../../host/responses/performing/performer.ts';
import { railsKey } from '../../../host/responses/rails.ts';
import type { ActionKind, ResponseSettings } from '../../../host/responses/settings.ts';
import { directoryForTests } from '../../support/directory.ts';
import { responseOf, SETTINGS } from '../../support/responses/response-scene.ts';
import { targetIn } from '../../support/responses/response-sets.ts';
import { until } from '../../support/until.ts';

const directory = directoryForTests();
let folders = 0;

/** Notes what it is asked to do, in `done`. */
class NotingActor implements Actor {
  readonly done: string[] = [];
  readonly runsBeside?: true;
  preparing: () => Promise<void> = async () => {};
  performing: () => Promise<void> = async () => {};
  finishing: () => boolean = () => false;
  isEnded = false;
  readonly undo?: (entry: LedgerEntry) => Promise<void>;

  constructor(more: { readonly isUndone?: true; readonly runsBeside?: true } = {}) {
    if (more.runsBeside) this.runsBeside = true;
    if (more.isUndone) this.undo = async ({ container }) => void this.done.push(`undo ${container}`);
  }

  async prepare(_: unknown, { container }: { readonly container: string }): Promise<Deed> {
    this.done.push(`prepare ${container}`);
    await this.preparing();
    return {
      what: 'act',
      done: 'acted',
      kept: {},
      staysInForce: this.undo !== undefined,
      perform: async () => {
        this.done.push(`perform ${container}`);
        await this.performing();
      },
      close: () => void this.done.push(`close ${container}`),
    };
  }

  async finish({ container }: LedgerEntry): Promise<boolean> {
    this.done.push(`finish ${container}`);
    return this.finishing();
  }

  async abandon({ container }: LedgerEntry): Promise<void> {
    this.done.push(`abandon ${container}`);
  }

  async isOver(): Promise<boolean> {
    return this.isEnded;
  }
}

interface Scene {
  readonly performer: Performer;
  readonly ledger: Ledger;
  readonly failures: string[];
}

function newFolder(): string {
  folders++;
  return join(directory, `ledger-${folders}`);
}

async function open(
  folder: string,
  actors: Partial<Record<ActionKind, Actor>>,
  settings: Partial<ResponseSettings> = {},
  prepareMs = 10_000,
): Promise<Scene> {
  const failures: string[] = [];
  const ledger = await Ledger.open(folder);
  const performer = new Performer({
    settings: { ...SETTINGS, ...settings },
    ledger,
    actors: new Map(Object.entries(actors) as [ActionKind, Actor][]),
    own: { pid: process.pid, container: '', podUid: '' },
    onFailure: (message) => failures.push(message),
    onNote: () => {},
    prepareMs,
  });
  await performer.start();
  return { performer, ledger, failures };
}

/** A ledger as an agent that was killed has left it. */
async function left(action: ActionKind, phase: Phase, more: Partial<NewEntry> = {}): Promise<string> {
  const folder = newFolder();
  const ledger = await Ledger.open(folder);
  const { id } = await ledger.begin(
    {
      ...{ action, response: 'r', container: 'c', containerName: '', pod: '', time: 0, kept: {} },
      rails: railsKey(SETTINGS),
      ...more,
    },
    [],
  );
  await ledger.set(id, phase);
  await ledger.close();
  return folder;
}

describe('an action that was half done', () => {
  const never = { namespaces: [], labels: new Map(), executables: ['backup'] };
  const cases: [string, Partial<ResponseSettings>, string][] = [
    ['is finished', {}, 'finish c'],
    ['is let go where nothing may be done by now', { mode: 'observe' }, 'abandon c'],
    ['is let go where other rails are configured by now', { never }, 'abandon c'],
  ];
  for (const [name, settings, expected] of cases) {
    test(name, async () => {
      const actor = new NotingActor();
      const { performer } = await open(await left('kill_container', 'doing'), { kill_container: actor }, settings);
      assert.deepEqual(actor.done, [expected]);
      assert.deepEqual(await performer.list(), []);
      await performer.close();
    });
  }

  test('is let go where the target is protected by now', async () => {
    const actor = new NotingActor();
    actor.finishing = () => {
      throw new RefusalError('protected', 'a runtime runs in it');
    };
    const { performer, failures } = await open(await left('kill_container', 'doing'), { kill_container: actor });
    assert.deepEqual(actor.done, ['finish c', 'abandon c']);
    assert.deepEqual(failures, []);
    await performer.close();
  });

  test('is taken back where it can be', async () => {
    const actor = new NotingActor({ isUndone: true });
    const settings = { mode: 'observe' } as const;
    const { performer } = await open(await left('pause_container', 'doing'), { pause_container: actor }, settings);
    assert.deepEqual(actor.done, ['undo c']);
    await performer.close();
  });

  test('and takes long does not hold up the start', async () => {
    const actor = new NotingActor({ runsBeside: true });
    actor.finish = () => new Promise(() => {});
    const began = performance.now();
    const { performer } = await open(await left('stop_container', 'doing'), { stop_container: actor });
    assert.ok(performance.now() - began < 5000);
    await performer.close();
  });
});

describe('a disk that is full', () => {
  test('does not keep in force what is to be undone; it is written as soon as it can be', async () => {
    const actor = new NotingActor({ isUndone: true });
    const folder = newFolder();
    const { performer, ledger, failures } = await open(folder, { pause_container: actor });
    await performer.perform(responseOf('pause_container'), targetIn('c'));
    const [entry] = ledger.entries;
    // The file that is renamed can't be made.
    const obstacle = join(folder, 'ledger.new');
    mkdirSync(obstacle);
    await performer.undo(entry?.id ?? '');
    assert.equal(actor.done.at(-1), 'undo c');
    assert.deepEqual(await performer.list(), []);
    assert.equal(failures.length, 2);
    assert.equal(performer.inForce.unwritten, 2);
    rmdirSync(obstacle);
    await performer.close();
    assert.deepEqual((await readLedger(join(folder, 'ledger'))).entries, []);
  });

  test('lets nothing be begun that would have to be undone', async () => {
    const actor = new NotingActor({ isUndone: true });
    const folder = newFolder();
    const { performer } = await open(folder, { pause_container: actor });
    mkdirSync(join(folder, 'ledger.new'));
    const outcome = await performer.perform(responseOf('pause_container'), targetIn('c'));
    assert.equal(outcome.kind, 'failed');
    assert.deepEqual(actor.done, ['prepare c', 'close c']);
    await performer.close();
  });
});

describe('a target', () => {
  test('whose action is prepared slowly holds up no other one', async () => {
    const slow = new NotingActor();
    const prepared = Promise.withResolvers<void>();
    slow.preparing = () => prepared.promise;
    const { performer } = await open(newFolder(), { kill_container: slow, pause_container: new NotingActor() });
    const first = performer.perform(responseOf('kill_container'), targetIn('slow'));
    const other = await performer.perform(responseOf('pause_container'), targetIn('other'));
    assert.equal(other.kind, 'done');
    prepared.resolve();
    assert.equal((await first).kind, 'done');
    await performer.close();
  });

  test('has its actions one after the other, in the order of their alerts', async () => {
    const actor = new NotingActor();
    actor.preparing = () => pause(5);
    const { performer } = await open(newFolder(), { kill_process: actor });
    const target = targetIn('c');
    await Promise.all([1, 2].map((pid) => performer.perform(responseOf('kill_process'), { ...target, pid })));
    const once = ['prepare c', 'perform c', 'close c'];
    assert.deepEqual(actor.done, [...once, ...once]);
    await performer.close();
  });

  test('that can not be prepared in time is let be, and what comes of it later is closed', async () => {
    const actor = new NotingActor();
    const prepared = Promise.withResolvers<void>();
    actor.preparing = () => prepared.promise;
    const { performer } = await open(newFolder(), { kill_container: actor }, {}, 20);
    const outcome = await performer.perform(responseOf('kill_container'), targetIn('c'));
    assert.equal(outcome.kind === 'failed' && outcome.reason, 'it could not be prepared within 0.02 s');
    prepared.resolve();
    await until(() => actor.done.includes('close c'));
    assert.ok(!actor.done.includes('perform c'));
    await performer.close();
  });

  test('that is being stopped, which takes its grace, can be killed meanwhile, but not paused', async () => {
    const stop = new NotingActor({ runsBeside: true });
    const stopped = Promise.withResolvers<void>();
    stop.performing = () => stopped.promise;
    const actors = {
      stop_container: stop,
      kill_container: new NotingActor(),
      pause_container: new NotingActor({ isUndone: true }),
    };
    const { performer } = await open(newFolder(), actors);
    const stopping = performer.perform(responseOf('stop_container'), targetIn('c'));
    await until(() => stop.done.includes('perform c'));
    const paused = await performer.perform(responseOf('pause_container'), targetIn('c'));
    assert.equal(paused.kind === 'refused' && paused.why, 'already');
    assert.equal((await performer.perform(responseOf('kill_container'), targetIn('c'))).kind, 'done');
    stopped.resolve();
    assert.equal((await stopping).kind, 'done');
    await performer.close();
  });
});

test('limits are exact however many are prepared at once', async () => {
  const actor = new NotingActor();
  actor.preparing = () => pause(2);
  const { performer } = await open(
    newFolder(),
    { kill_container: actor },
    { perNode: { count: 5, milliseconds: 60_000 } },
  );
  const targets = Array.from({ length: 1000 }, (_, index) => targetIn(`c${index}`));
  const outcomes = await Promise.all(targets.map((target) => performer.perform(responseOf('kill_container'), target)));
  const kinds = outcomes.map((outcome) => (outcome.kind === 'refused' ? outcome.why : outcome.kind));
  assert.equal(kinds.filter((kind) => kind === 'done').length, 5);
  assert.equal(kinds.filter((kind) => kind === 'limit').length, 995);
  assert.equal(actor.done.filter((line) => line.startsWith('perform')).length, 5);
  await performer.close();
});

describe('what is configured while an action is prepared', () => {
  const protecting = { namespaces: ['shop'], labels: new Map(), executables: [] };
  const cases: [string, Partial<ResponseSettings>, string][] = [
    ['observe: nothing is done', { mode: 'observe' }, 'observed'],
    ['the namespace is protected', { never: protecting }, 'protected'],
  ];
  for (const [name, settings, expected] of cases) {
    test(name, async () => {
      const actor = new NotingActor();
      const prepared = Promise.withResolvers<void>();
      actor.preparing = () => prepared.promise;
      const { performer } = await open(newFolder(), { kill_container: actor });
      const pod = { namespace: 'shop', name: 'web', uid: 'u', labels: new Map() };
      const performed = performer.perform(responseOf('kill_container'), { ...targetIn('c'), pod });
      await until(() => actor.done.includes('prepare c'));
      performer.use({ ...SETTINGS, ...settings });
      prepared.resolve();
      const outcome = await performed;
      assert.equal(outcome.kind === 'refused' ? outcome.why : outcome.kind, expected);
      assert.ok(!actor.done.includes('perform c'));
      await performer.close();
    });
  }
});

describe('what is to be undone', () => {
  test('is undone on time also when the clock was set back', async () => {
    const actor = new NotingActor({ isUndone: true });
    const times = { undoAt: Date.now() + 3_600_000, undoAtUptime: uptime() + 200 };
    const folder = await left('pause_container', 'in-force', times);
    const { performer } = await open(folder, { pause_container: actor });
    await until(() => actor.done.includes('undo c'));
    await performer.close();
  });

  test('stays in force until then when the clock was set ahead', async () => {
    const actor = new NotingActor({ isUndone: true });
    const later = uptime() + 60_000;
    const folder = await left('pause_container', 'in-force', { time: 0, undoAt: 1000, undoAtUptime: later });
    const { performer } = await open(folder, { pause_container: actor });
    assert.deepEqual(actor.done, []);
    assert.equal((await performer.list()).length, 1);
    await performer.close();
  });

  test('is forgotten when it has ended, whether somebody asks or not', async (context) => {
    context.mock.timers.enable({ apis: ['setInterval'] });
    const actor = new NotingActor({ isUndone: true });
    const { performer } = await open(await left('pause_container', 'in-force'), { pause_container: actor });
    assert.equal(performer.inForce.entries.length, 1);
    actor.isEnded = true;
    context.mock.timers.tick(60_000);
    await until(() => performer.inForce.entries.length === 0);
    await performer.close();
  });
});
