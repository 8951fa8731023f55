// The board: alerts in groups, what a reader has missed, and the bounds that hostile numbers of groups and alerts meet.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AlertBoard } from '../../../host/daemon/console/alert-board.ts';
import { type BoardMessage, STEP_MS, STEPS } from '../../../host/daemon/console/messages.ts';
import { text } from '../../../host/fields/value.ts';
import type { Alert } from '../../../host/outputs/alert.ts';

const NOW = 1_795_000_000_000;

function alert(rule: string, pod: string, more: Partial<Alert> = {}): Alert {
  const fields = [
    { key: 'proc.name', value: text('cat') },
    { key: 'k8s.ns.name', value: text('shop') },
    { key: 'k8s.pod.name', value: text(pod) },
    { key: 'container.name', value: text('web') },
  ];
  const message = `${rule} in ${pod}`;
  const time = BigInt(NOW) * 1_000_000n;
  return { time, rule, priority: 'Warning', source: 'syscall', tags: [], hostname: 'node', message, fields, ...more };
}

/** What a reader has after messages, by rule and pod. */
class Reader {
  readonly #counts = new Map<number, number>();
  readonly #names = new Map<number, string>();
  tick = 0;

  take(message: BoardMessage | undefined): void {
    if (!message) return;
    if (message.isWhole) this.#counts.clear();
    for (const id of message.gone) this.#counts.delete(id);
    for (const { id, rule, pod } of message.added) this.#names.set(id, `${rule} ${pod}`);
    for (const { id, count } of message.changed) this.#counts.set(id, count);
    this.tick = message.tick;
  }

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].map(([id, count]) => [this.#names.get(id), count]));
  }
}

function look(board: AlertBoard, reader: Reader): void {
  board.nextTick();
  reader.take(board.since(reader.tick, NOW));
}

test('alerts are grouped by rule and workload', () => {
  const board = new AlertBoard();
  for (const pod of ['a', 'b', 'a']) board.write(alert('Shell', pod));
  board.write(alert('Read', 'a'));
  const reader = new Reader();
  look(board, reader);
  assert.deepEqual(reader.counts, { 'Shell a': 2, 'Shell b': 1, 'Read a': 1 });
});

test('a rule whose group made room has a new one', () => {
  const board = new AlertBoard();
  board.write(alert('Shell', 'a'));
  for (let count = 0; count < 300; count++) board.write(alert(`Rule ${count}`, 'a'));
  board.write(alert('Shell', 'a'));
  const shells = board.since(0, NOW)?.added.filter(({ rule }) => rule === 'Shell') ?? [];
  assert.deepEqual(
    shells.map(({ id }) => id),
    [302],
  );
});

test('names that differ in their last byte alone, or in being there, make groups of their own', () => {
  const board = new AlertBoard();
  for (const pod of ['web-1', 'web-2', '', 'web-1', 'web-22']) board.write(alert('Shell', pod));
  const [first] = board.since(0, NOW)?.changed ?? [];
  assert.equal(board.since(0, NOW)?.changed.length, 4);
  assert.equal(first?.count, 2);
  // Beyond 300 bytes they are cut.
  for (const end of ['x', 'y']) board.write(alert('Shell', 'n'.repeat(300) + end));
  assert.equal(board.since(0, NOW)?.changed.length, 5);
});

test('a reader that has missed messages has the same as one that has not', () => {
  const board = new AlertBoard();
  const [steady, rare] = [new Reader(), new Reader()];
  for (let round = 0; round < 200; round++) {
    for (let count = 0; count <= round % 5; count++) board.write(alert('Shell', `pod-${(round * 7 + count) % 40}`));
    look(board, steady);
    if (round % 23 === 0) look(board, rare);
  }
  look(board, rare);
  look(board, steady);
  assert.deepEqual(rare.counts, steady.counts);
  assert.equal(
    Object.values(steady.counts).reduce((sum, count) => sum + count, 0),
    600,
  );
});

test('nothing is sent where nothing has changed', () => {
  const board = new AlertBoard();
  board.write(alert('Shell', 'a'));
  const reader = new Reader();
  look(board, reader);
  board.nextTick();
  assert.equal(board.since(reader.tick, NOW), undefined);
});

test('groups that have no alert for longest make room, and readers are told', () => {
  const board = new AlertBoard();
  const reader = new Reader();
  for (let pod = 0; pod < 1_000; pod++) {
    board.write(alert('Shell', `pod-${pod}`));
    if (pod % 50 === 0) look(board, reader);
  }
  look(board, reader);
  const pods = Object.keys(reader.counts);
  assert.equal(pods.length, 300);
  assert.ok(pods.includes('Shell pod-999') && !pods.includes('Shell pod-0'));
  const late = new Reader();
  look(board, late);
  assert.deepEqual(late.counts, reader.counts);
});

test('who opens the page later has all alerts in their groups', () => {
  const board = new AlertBoard();
  for (let count = 0; count < 5_000; count++) board.write(alert('Shell', count < 4_990 ? 'a' : 'b'));
  const message = board.since(0, NOW);
  assert.equal(message?.alerts, 5_000);
  const reader = new Reader();
  reader.take(message);
  assert.deepEqual(reader.counts, { 'Shell a': 4_990, 'Shell b': 10 });
});

test('names of workloads are not mistaken for parts of each other', () => {
  const board = new AlertBoard();
  const place = (names: Readonly<Record<string, string>>): Partial<Alert> => ({
    fields: Object.entries(names).map(([key, name]) => ({ key, value: text(name) })),
  });
  board.write(alert('Shell', '', place({ 'k8s.ns.name': 'a', 'k8s.pod.name': 'b' })));
  board.write(alert('Shell', '', place({ 'k8s.ns.name': 'a1:b' })));
  board.write(alert('Shell', '', place({ 'k8s.ns.name': 'ab' })));
  board.write(alert('Shell', '', place({ 'k8s.pod.name': 'ab' })));
  board.write(alert('Shell', '', place({ 'container.name': 'ab' })));
  board.write(alert('Shell', '', place({ 'container.name': '' })));
  board.write(alert('Shell', '', place({})));
  const counts = board.since(0, NOW)?.changed.map(({ count }) => count);
  assert.deepEqual(counts, [1, 1, 1, 1, 1, 2]);
});

test('of a group the latest alerts can be looked at, those with details beside those without', () => {
  const board = new AlertBoard();
  for (let count = 1; count <= 100; count++) {
    board.write(alert('Shell', 'a', count % 20 === 0 ? { details: [{ key: 'proc.pid', value: text('1') }] } : {}));
  }
  const ids = board.alertsOf(1)?.alerts.map(({ id }) => id);
  assert.deepEqual(ids, [100, 99, 98, 97, 96, 95, 94, 93, 92, 91, 90, 80, 60, 40, 20]);
  assert.equal(board.alert(1), undefined);
  assert.equal(board.alert(100)?.group.pod, 'a');
});

test('long alerts make room for others', () => {
  const board = new AlertBoard();
  for (let count = 0; count < 60; count++)
    board.write(alert('Shell', `pod-${count}`, { message: 'x'.repeat(1 << 18) }));
  // 512 KB each of 12 MB.
  assert.equal(board.alert(1), undefined);
  assert.equal(board.alert(37), undefined);
  assert.equal(board.alert(60)?.alert.message.length, 1 << 18);
  assert.equal(board.since(0, NOW)?.changed.at(-1)?.latest.length, 300);
});

test('small values count by what they take in memory, and lists by their items', () => {
  const details = Array.from({ length: 1_000 }, (_, index) => ({ key: `k${index}`, value: text('x') }));
  const items = Array.from({ length: 1_000 }, () => new Uint8Array(1));
  for (const more of [{ details }, { details: [{ key: 'list', value: { kind: 'list' as const, items } }] }]) {
    const board = new AlertBoard();
    for (let count = 0; count < 60; count++) board.write(alert('Shell', `pod-${count}`, more));
    // 300 KB each of 12 MB.
    assert.equal(board.alert(17), undefined);
    assert.ok(board.alert(60));
  }
});

test('of very many alerts few stay, and each that a window was sent as the latest', () => {
  const board = new AlertBoard();
  const at = (ms: number): Partial<Alert> => ({ time: BigInt(NOW + ms) * 1_000_000n });
  // A thousand a second, in nineteen groups, for ten seconds.
  let sent = 0;
  for (let ms = 0; ms < 10_000; ms++) {
    board.write(alert('Shell', `pod-${ms % 19}`, at(ms)));
    if (ms === 9_500) sent = board.since(0, NOW)?.changed[10]?.latestAlert ?? 0;
  }
  assert.equal(board.alert(sent)?.group.pod, 'pod-10');
  const ids = board.alertsOf(1)?.alerts.map(({ id }) => id) ?? [];
  assert.equal(ids.length, 11);
  // The latest is there, and the others reach further back than the ten before it.
  assert.equal(ids[0], 9_995);
  assert.ok((ids.at(-1) ?? 0) < 9_500, String(ids));
});

test('a workload of its own keeps its alerts while others have very many', () => {
  const board = new AlertBoard();
  const at = (ms: number): Partial<Alert> => ({ time: BigInt(NOW + ms) * 1_000_000n });
  for (let ms = 0; ms < 5_000; ms++) board.write(alert('Shell', 'loud', at(ms)));
  for (let count = 0; count < 5; count++) {
    board.write(alert('Shell', 'quiet', at(5_000)));
    for (let more = 0; more < 100; more++) board.write(alert('Shell', 'loud', at(5_000)));
  }
  assert.equal(board.alertsOf(2)?.alerts.length, 5);
});

test('a group keeps the beginning of its latest alert when that has made room', () => {
  const board = new AlertBoard();
  board.write(alert('Shell', 'first', { message: 'y'.repeat(1_000) }));
  for (let count = 0; count < 60; count++) board.write(alert('Shell', 'a', { message: 'x'.repeat(1 << 20) }));
  const [first] = board.since(0, NOW)?.changed ?? [];
  assert.equal(board.alert(1), undefined);
  assert.deepEqual([first?.latest, first?.latestAlert], ['y'.repeat(300), 1]);
});

test('steps are those of the clock, up to the message', () => {
  const board = new AlertBoard();
  const at = (ms: number): Partial<Alert> => ({ time: BigInt(NOW + ms) * 1_000_000n });
  for (const ms of [0, 0, STEP_MS, 3 * STEP_MS]) board.write(alert('Shell', 'a', at(ms)));
  // Of another CPU, or one that waited for its container.
  board.write(alert('Shell', 'a', at(2 * STEP_MS)));
  const steps = (ms: number): readonly number[] => board.since(0, NOW + ms)?.changed[0]?.steps ?? [];
  assert.deepEqual(steps(5 * STEP_MS), [2, 1, 1, 1, 0, 0]);
  const later = steps(5 * STEP_MS + (STEPS - 5) * STEP_MS);
  assert.equal(later.length, STEPS);
  assert.deepEqual(later.slice(0, 4), [1, 1, 1, 0]);
});
