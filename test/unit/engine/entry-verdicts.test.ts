// Verdicts of conditions on the session that a process is in: of where it came from as soon as that is known, remembered, and the same on the page.

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { parseCondition } from '../../../host/compiler/conditions/parser.ts';
import { litCondition } from '../../../host/daemon/console/lit-condition.ts';
import { EntryVerdicts } from '../../../host/engine/modules/entry-verdicts.ts';
import type { ReadContext } from '../../../host/fields/context.ts';
import { readField } from '../../../host/fields/read.ts';
import type { EventRecord } from '../../../host/fields/record.ts';
import type { SocketEnd } from '../../../host/fields/socket-table.ts';
import type { SshPeers } from '../../../host/fields/ssh-peer.ts';
import { resolveField } from '../../../host/schema/fields/index.ts';
import { IMAGE_KIND } from '../../../host/schema/image.ts';
import { CONTEXT } from '../../support/records/fields.ts';
import { RecordMemory } from '../../support/records/records.ts';

/** What the tables of sockets have, and how often they were asked. */
class Connection {
  peer: SocketEnd | undefined;
  asked = 0;
  settled = false;

  isSettled(): boolean {
    return this.settled;
  }

  of(): SocketEnd | undefined {
    this.asked++;
    return this.peer;
  }

  get context(): ReadContext {
    return { ...CONTEXT, isLive: true, sshPeers: this as unknown as SshPeers };
  }
}

const V4: SocketEnd = { text: '192.0.2.7:50122', address: Uint8Array.of(192, 0, 2, 7), port: 50_122 };
const V6: SocketEnd = {
  text: '[2001:db8::9]:50122',
  address: Uint8Array.of(0x20, 1, 0xd, 0xb8, ...new Array<number>(11).fill(0), 9),
  port: 50_122,
};

/** Events of a shell that sshd has let in, of a service, of what the shell runs, and of what it runs by sudo. */
function events(records: RecordMemory): readonly [EventRecord, EventRecord, EventRecord, EventRecord] {
  let id = 1n;
  const image = (executable: string, parent: number): number =>
    records.image({ id: id++, kind: IMAGE_KIND.EXEC, pid: Number(id), executable, parent_address: parent });
  const init = image('/usr/lib/systemd/systemd', 0);
  const sshd = image('/usr/sbin/sshd', image('/usr/sbin/sshd', init));
  const [shell, service] = [image('/usr/bin/bash', sshd), image('/usr/sbin/nginx', init)];
  const ofShell = image('/usr/bin/cat', shell);
  const bySudo = image('/usr/bin/id', image('/usr/bin/sudo', shell));
  const event = (of: number): EventRecord => records.event('setuid', of, {});
  return [event(shell), event(service), event(ofShell), event(bySudo)];
}

function verdictsOf(condition: string, records: RecordMemory, context: ReadContext): EntryVerdicts {
  return new EntryVerdicts({ alternatives: [{ rule: 0, entry: condition }, { rule: 0 }] }, records.memory, context);
}

test('where a session came from counts from when it is known, and is not asked for again then', async () => {
  const records = new RecordMemory();
  const [{ address: shell }, { address: service }] = events(records);
  const connection = new Connection();
  const verdicts = verdictsOf('session.net = 192.0.2.0/24', records, connection.context);
  assert.ok(verdicts.readsSshPeers);
  assert.equal(verdicts.hold(0, shell), false);
  connection.peer = V4;
  await setTimeout(60);
  assert.equal(verdicts.hold(0, shell), true);
  assert.equal(verdicts.hold(0, shell), true);
  assert.equal(connection.asked, 2);
  assert.equal(verdicts.hold(0, service), false);
  assert.equal(connection.asked, 2, 'a service has no connection');
  assert.ok(verdicts.hold(1, service), 'an alternative without a condition');
});

test('a process in the session of its parent has the verdict of that, one in a session of its own has not', () => {
  for (const order of [
    [0, 1, 2, 3],
    [3, 2, 1, 0],
    [2, 3, 0, 1],
  ]) {
    const records = new RecordMemory();
    const all = events(records);
    const connection = new Connection();
    connection.peer = V4;
    const ofKind = verdictsOf('session.kind = ssh', records, connection.context);
    const bySource = verdictsOf('session.ip = 192.0.2.7', records, connection.context);
    for (const index of [...order, ...order]) {
      const { address } = all[index] ?? assert.fail();
      assert.equal(ofKind.hold(0, address), [true, false, true, false][index], `kind of ${index}`);
      assert.equal(bySource.hold(0, address), [true, false, true, true][index], `source of ${index}`);
    }
    // For the shell with what it runs, and for sudo's session.
    assert.equal(connection.asked, 2, String(order));
  }
});

test('conditions on addresses, as the page shows them', () => {
  const records = new RecordMemory();
  const [shell] = events(records);
  for (const [condition, ...expected] of [
    ['session.source = "192.0.2.7:50122"', true, false, false],
    ['session.source startswith "[2001:"', false, true, false],
    ['session.ip = 192.0.2.7', true, false, false],
    ['session.ip in (192.0.2.8, 2001:db8::9)', false, true, false],
    ['session.ip != 192.0.2.7', false, true, false],
    ['session.net in (10.0.0.0/8, 192.0.0.0/16)', true, false, false],
    ['session.net = 2001:db8::/32', false, true, false],
    ['session.net exists', true, true, false],
    ['not session.net in (10.0.0.0/8, 192.0.0.0/16)', false, true, true],
  ] as const) {
    const found = [V4, V6, undefined].map((peer) => {
      const connection = new Connection();
      connection.peer = peer;
      const { context } = connection;
      const seen = new Map(
        ['session.source', 'session.ip', 'session.net'].map((key) => {
          const resolved = resolveField(key);
          assert.ok(resolved.ok);
          return [key, readField(shell, resolved.field, undefined, context)];
        }),
      );
      const holds = verdictsOf(condition, records, context).hold(0, shell.address);
      assert.equal(litCondition(parseCondition(condition), seen).verdict, String(holds), condition);
      return holds;
    });
    assert.deepEqual(found, expected, condition);
  }
});

test('a connection that will not be known is not asked for with each event, and one that may be is not in a storm', () => {
  for (const settled of [true, false]) {
    const records = new RecordMemory();
    const [{ address: shell }, , { address: ofShell }] = events(records);
    const connection = new Connection();
    connection.settled = settled;
    const verdicts = verdictsOf('session.ip exists', records, connection.context);
    for (let time = 0; time < 100; time++) for (const event of [shell, ofShell]) assert.ok(!verdicts.hold(0, event));
    assert.ok(connection.asked <= (settled ? 1 : 5), `${connection.asked} times`);
  }
});

test('however long the line of processes is, their session is known, and each of them is looked at once', () => {
  const records = new RecordMemory(1 << 24);
  const [{ image: shell }] = events(records);
  let id = 1_000n;
  const child = (of: number): number =>
    records.image({
      id: id++,
      kind: IMAGE_KIND.FORK,
      pid: Number(id),
      executable: '/usr/bin/bash',
      parent_address: of,
    });
  const verdicts = ['session.kind = ssh', 'session.user = root', 'not session.kind = ssh'].map((condition) =>
    verdictsOf(condition, records, CONTEXT),
  );
  let last = shell?.address ?? 0;
  for (let generation = 0; generation < 3_000; generation++) last = child(last);
  const reads = mock.method(records.memory, 'u32').mock;
  const hold = (image: number) => verdicts.map((each) => each.hold(0, records.event('setuid', image, {}).address));
  assert.deepEqual(hold(last), [true, true, false]);
  const ofAll = reads.callCount();
  assert.ok(ofAll >= 3_000);
  reads.resetCalls();
  // Its grandchildren, whose parents had no event.
  for (let time = 0; time < 20; time++) assert.deepEqual(hold(child(child(last))), [true, true, false]);
  assert.ok(reads.callCount() / 20 < ofAll / 500, `${reads.callCount()} reads of 20, ${ofAll} of the first`);
});
