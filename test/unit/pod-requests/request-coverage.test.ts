// The times of which an agent knows all requests to enter pods. A clock that is set, a receiver that is away or can not read, an event that comes late
// and a state that is lost each leave a gap in them.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { coverageIn, loadStreamState } from '../../../host/journal/stream-state-file.ts';
import { coversPod, NO_COVERAGE } from '../../../host/sessions/coverage.ts';
import { isConnected, TestReceiver } from '../../support/servers/request-receiver.ts';
import { until } from '../../support/until.ts';

const MS = 1_000_000n;

/** Whether the agent knows all requests for web-0 that were received then; ms since the epoch. */
async function covers(folder: string, from: number, to = from): Promise<boolean> {
  const coverage = await coverageIn(folder);
  const span = { from: BigInt(from) * MS, to: BigInt(to) * MS };
  return coverage !== undefined && coversPod(coverage, { namespace: 'shop', pod: 'web-0' }, span);
}

test('while the API server does not answer, a request waits, and nothing counts as known', async () => {
  await using receiver = await TestReceiver.start();
  await using agent = receiver.agent('node-a').start();
  await until(() => isConnected(agent));
  receiver.reviews.isDown = true;
  receiver.exec({ id: 'e' });
  const asked = Date.now();
  await until(() => receiver.forwarding.summary.pending === 1);
  const until0 = async (): Promise<bigint> => (await loadStreamState(agent.folder))?.until ?? 0n;
  const heard = agent.client.summary.lastHeard ?? 0;
  await until(() => (agent.client.summary.lastHeard ?? 0) > heard + 100);
  assert.ok((await until0()) <= BigInt(asked + 5_000) * MS);
  receiver.reviews.isDown = false;
  await until(() => agent.taken.includes('e'));
});

for (const aheadMs of [-3_600_000, -20_000, 20_000, 3_600_000]) {
  test(`where the clock of the receiver is ${aheadMs / 1000} s ahead, what counts as known is so by the clock of the node`, async () => {
    await using receiver = await TestReceiver.start({ aheadMs });
    await using agent = receiver.agent('node-a').start();
    const began = Date.now();
    await until(() => covers(agent.folder, began + 1_000, began + 1_100));
    const spans = (await coverageIn(agent.folder))?.spans ?? [];
    assert.ok(spans.every(({ from, to }) => from >= BigInt(began - 1_000) * MS && to <= BigInt(Date.now()) * MS));
    assert.equal(await covers(agent.folder, Date.now()), false);
    // What comes while no receiver runs may be given up.
    await receiver.stop();
    const away = Date.now();
    await receiver.serve();
    const again = Date.now();
    await until(() => covers(agent.folder, again + 1_000));
    assert.equal(await covers(agent.folder, away, again), false);
    assert.equal(await covers(agent.folder, began + 1_000, began + 1_100), true);
  });
}

test('an event of a time that counted as known shows that it was not, whatever the receiver takes for late', async () => {
  // For it the event comes in time.
  await using receiver = await TestReceiver.start({ aheadMs: -3_600_000 });
  await using agent = receiver.agent('node-a').start();
  const began = Date.now();
  await until(() => covers(agent.folder, began + 1_000, began + 2_500));
  receiver.exec({ id: 'late', received: began + 1_050 });
  await until(() => agent.taken.includes('late'));
  await until(async () => !(await covers(agent.folder, began + 1_500)));
  assert.equal(receiver.forwarding.summary.gaps, 0);
  const later = Date.now();
  await until(() => covers(agent.folder, later + 500));
  assert.equal(await covers(agent.folder, began + 1_500), false);
});

test('a clock that is set while a stream is open makes the agent ask again', async () => {
  await using receiver = await TestReceiver.start();
  await using agent = receiver.agent('node-a').start();
  await until(() => isConnected(agent));
  receiver.aheadMs = 3_600_000;
  await until(() => agent.said.some((line) => /the clock of .* was set/.test(line)));
  const set = Date.now();
  await until(() => covers(agent.folder, set + 2_000));
  const spans = (await coverageIn(agent.folder))?.spans ?? [];
  assert.ok(spans.every(({ to }) => to <= BigInt(Date.now()) * MS));
});

test('where the clock of the node is set back, times that come once more are not covered any longer', async (t) => {
  await using receiver = await TestReceiver.start();
  await using agent = receiver.agent('node-a').start();
  const began = Date.now();
  await until(() => covers(agent.folder, began + 1_000, began + 1_500));
  const { now } = Date;
  t.mock.method(Date, 'now', () => now() - 1_000);
  const set = Date.now();
  const { spans } = agent.client.coverage;
  assert.ok(spans.length > 0 && spans.every(({ to }) => to <= BigInt(set) * MS));
  assert.equal(
    coversPod(agent.client.coverage, { namespace: 'shop', pod: 'web-0' }, spans[0] ?? { from: 0n, to: 1n }),
    true,
  );
  // Once it is past what it showed before, all counts as before.
  await until(() => covers(agent.folder, set + 1_600));
  assert.equal(await covers(agent.folder, set + 100, set + 900), false);
});

test('after a new run of the receiver the time between is not covered, and the rest is', async () => {
  await using receiver = await TestReceiver.start();
  await using agent = receiver.agent('node-a').start();
  // Spans begin somewhat after the receiver: clocks may be apart.
  const before = Date.now() + 400;
  await until(() => covers(agent.folder, before));
  await receiver.stop();
  const down = Date.now();
  await until(() => !isConnected(agent));
  await receiver.serve();
  await until(() => isConnected(agent));
  const after = Date.now() + 400;
  await until(() => covers(agent.folder, after));
  assert.equal(await covers(agent.folder, before), true);
  assert.equal(await covers(agent.folder, before, after), false);
  assert.equal(await covers(agent.folder, down + 100), false);
  assert.equal(agent.client.summary.gaps, 1);
  assert.match(agent.said.join('\n'), /can't be reached|silent/);
});

test('an agent that has heard no receiver yet knows of no time, also where earlier requests are kept', async () => {
  await using receiver = await TestReceiver.start();
  await receiver.stop();
  await using agent = receiver.agent('node-a').start();
  await until(() => /can't be reached/.test(agent.client.summary.failure ?? ''));
  assert.deepEqual(await coverageIn(agent.folder), NO_COVERAGE);
});

test('a state that is lost, or damaged, covers nothing, until all has come again', async () => {
  await using receiver = await TestReceiver.start();
  const first = receiver.agent('node-a').start();
  receiver.exec({ id: 'e' });
  const time = Date.now() + 400;
  await until(() => covers(first.folder, time));
  await first.stop();
  writeFileSync(join(first.folder, 'pod-request-stream.json'), '{"until":');
  assert.equal(await covers(first.folder, time), false);
  await using second = receiver.agent('node-a').start();
  await until(() => covers(first.folder, time));
  assert.deepEqual(second.taken, ['e']);
});

test('events that may be lost, or come late, take the time away in which they were', async () => {
  await using receiver = await TestReceiver.start();
  await receiver.stop();
  receiver.latenessMs = 1_000;
  await receiver.serve();
  await using agent = receiver.agent('node-a').start();
  const time = Date.now() + 1_000;
  await until(() => covers(agent.folder, time - 500, time));
  receiver.forwarding.missed();
  await until(() => agent.client.summary.gaps === 1);
  // A second is what may be on its way.
  await until(async () => !(await covers(agent.folder, Date.now() - 2_000, Date.now() - 900)));
  assert.equal(await covers(agent.folder, time - 500, time - 100), true);
  receiver.exec({ id: 'late', received: time - 200 });
  await until(() => agent.taken.includes('late'));
  await until(async () => !(await covers(agent.folder, time - 500, time - 100)));
});

test('nothing counts as known while the receiver can not read what it gets', async () => {
  await using receiver = await TestReceiver.start();
  receiver.isReceiving = false;
  await using agent = receiver.agent('node-a').start();
  await until(() => isConnected(agent));
  const heard = agent.client.summary.lastHeard ?? 0;
  await until(() => (agent.client.summary.lastHeard ?? 0) > heard + 200);
  assert.deepEqual((await coverageIn(agent.folder))?.spans, []);
  receiver.isReceiving = true;
  const time = Date.now() + 400;
  await until(() => covers(agent.folder, time));
});

test('a time in which the receiver could not read is not covered when it can again', async () => {
  await using receiver = await TestReceiver.start();
  await using agent = receiver.agent('node-a').start();
  const before = Date.now() + 400;
  await until(() => covers(agent.folder, before));
  receiver.isReceiving = false;
  const heard = agent.client.summary.lastHeard ?? 0;
  await until(() => (agent.client.summary.lastHeard ?? 0) > heard + 200);
  const down = Date.now();
  receiver.isReceiving = true;
  const after = Date.now() + 400;
  await until(() => covers(agent.folder, after));
  assert.deepEqual([await covers(agent.folder, before), await covers(agent.folder, down)], [true, false]);
  assert.equal(agent.client.summary.gaps, 1);
});
