// Details of matches, for the page: none while it is off, and of a flood as many as are bounded.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DetailPace } from '../../../host/engine/match-reading/detail-pace.ts';
import type { Alert } from '../../../host/outputs/alert.ts';
import type { Output } from '../../../host/outputs/output.ts';
import { moduleOf, process as processImage, shadowRead, startBuiltAgent } from '../../support/records/built-agent.ts';
import { inject } from '../../support/records/inject.ts';

const SECOND = 1_000_000_000n;

test('a pace allows a number at once, and then so many a second', () => {
  const pace = new DetailPace({ atOnce: 10, aSecond: 5 });
  const taken = (time: bigint, wanted: number): number => {
    let count = 0;
    for (; count < wanted && pace.allows(time); count++) pace.take();
    return count;
  };
  const start = 1_795_000_000n * SECOND;
  assert.equal(taken(start, 100), 10);
  assert.equal(taken(start + SECOND / 10n, 100), 0);
  assert.equal(taken(start + SECOND, 100), 5);
  // Events of another CPU come later, with earlier times.
  assert.equal(taken(start, 100), 0);
  assert.equal(taken(start + 100n * SECOND, 100), 10);
});

const RULES = `
- rule: Read
  desc: reads
  condition: evt.type = openat and fd.name = /etc/shadow and proc.aname = sshd
  output: "%proc.name read %fd.name"
  priority: WARNING
`;

class Kept implements Output {
  readonly name = 'kept';
  readonly alerts: Alert[] = [];
  readonly counters = { written: 0, dropped: 0, errors: 0 };
  write(alert: Alert): void {
    this.alerts.push(alert);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

const PROCESSES = [
  processImage(1, { comm_bytes: 'sshd' }),
  processImage(2, { comm_bytes: 'cat', parent: 1, argv: 'cat\0/etc/shadow\0' }),
];

test('alerts have details if the page is on, and of a flood a few have', async () => {
  const module = await moduleOf(RULES);
  for (const hasDetails of [true, false]) {
    const kept = new Kept();
    await using built = await startBuiltAgent([module], { hasDetails }, [kept]);
    const time = BigInt(Date.now()) * 1_000_000n;
    inject(built.agent, PROCESSES, [shadowRead(2, { time })]);
    await built.waitForLines(1);
    const details = new Map(kept.alerts[0]?.details?.map(({ key, value }) => [key, value]));
    if (!hasDetails) {
      assert.equal(kept.alerts[0]?.details, undefined);
      continue;
    }
    for (const key of ['proc.aname[1]', 'fd.name', 'proc.pid', 'proc.apid[1]']) assert.ok(details.get(key), key);
    // The condition asks for any ancestor: there is one.
    assert.ok(details.has('proc.aname[16]') && details.get('proc.aname[2]') === undefined);
    inject(
      built.agent,
      [],
      Array.from({ length: 200 }, () => shadowRead(2, { time })),
    );
    await built.waitForLines(201);
    assert.equal(kept.alerts.filter((alert) => alert.details).length, 20);
  }
});
