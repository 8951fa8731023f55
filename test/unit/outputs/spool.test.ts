// The spool on disk and delivery from it: order, bounds, what damage and crashes leave, and a receiver that fails as it likes.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { type Attempt, Delivery, type DeliveryTrouble, type Parcel } from '../../../host/outputs/spool/delivery.ts';
import { encodeRecord, SEGMENT_HEADER, scanRecords } from '../../../host/outputs/spool/segment.ts';
import { Spool } from '../../../host/outputs/spool/spool.ts';

const root = mkdtempSync(join(tmpdir(), 'wasprey-spool-'));
after(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
const newFolder = (): string => join(root, String(++folders));
const text = (contents: readonly { readonly content: Buffer }[]): string[] =>
  contents.map(({ content }) => content.toString());
const LARGE = 10 * 1024 * 1024;

async function filled(folder: string, count: number, from = 0): Promise<void> {
  const spool = await Spool.open({ folder, mostBytes: LARGE });
  for (let index = from; index < from + count; index++) assert.ok(await spool.append(Buffer.from(`alert ${index}`)));
  await spool.close();
}

describe('spool', () => {
  test('gives back in order what was put in, also after a restart, and forgets what was delivered', async () => {
    const folder = newFolder();
    await filled(folder, 3);
    const spool = await Spool.open({ folder, mostBytes: LARGE });
    assert.equal(spool.waiting, 3);
    const first = await spool.read(2);
    assert.deepEqual(text(first), ['alert 0', 'alert 1']);
    const [, second] = first;
    assert.ok(second);
    const key = spool.keyOf(second);
    await spool.close();
    const again = await Spool.open({ folder, mostBytes: LARGE });
    const records = await again.read(10);
    assert.deepEqual(text(records), ['alert 0', 'alert 1', 'alert 2']);
    assert.equal(records[1] && again.keyOf(records[1]), key, 'the same key as before');
    await again.deliver(2n);
    await again.close();
    await filled(folder, 1, 3);
    const last = await Spool.open({ folder, mostBytes: LARGE });
    assert.deepEqual(text(await last.read(10)), ['alert 2', 'alert 3']);
    assert.equal(last.damaged, 0);
    await last.close();
  });

  test('is bounded, gives room back when its alerts are delivered, and is its owner’s alone', async () => {
    const folder = newFolder();
    const spool = await Spool.open({ folder, mostBytes: 300_000 });
    let kept = 0;
    while (await spool.append(Buffer.alloc(1000, 'a'))) kept++;
    assert.ok(kept > 250 && kept < 300, `${kept}`);
    assert.ok(spool.bytes <= 300_000);
    const size = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    assert.ok(size <= 300_100, `${size} bytes on disk`);
    const records = await spool.read(200);
    await spool.deliver(records.at(-1)?.number ?? 0n);
    assert.ok(await spool.append(Buffer.alloc(1000)), 'there is room again');
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    for (const name of readdirSync(folder)) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600);
    await spool.close();
  });

  test('a note of what was delivered that the disk has changed is not believed: all is delivered again', async () => {
    for (const change of [
      (note: string) => note.replace(/ \d+ /, ' 9 '),
      (note: string) => note.replace(/ \d+ /, ` ${'9'.repeat(23)} `),
      (note: string) => note.replace(/ [0-9a-f]{8}\n/, '\n'),
      () => '',
    ]) {
      const folder = newFolder();
      await filled(folder, 10);
      const note = join(folder, 'delivered');
      writeFileSync(note, change(readFileSync(note, 'utf8')));
      const spool = await Spool.open({ folder, mostBytes: LARGE });
      assert.equal(spool.damaged, 1);
      assert.equal(spool.waiting, 10);
      assert.equal((await spool.read(20)).length, 10);
      await spool.close();
    }
  });

  test('alerts that are cut off the end are counted, and their numbers are not given again', async () => {
    const folder = newFolder();
    await filled(folder, 10);
    const [segment = ''] = readdirSync(folder).filter((name) => name.endsWith('.spool'));
    const whole = statSync(join(folder, segment)).size;
    // "alert 9" and what stands before it.
    truncateSync(join(folder, segment), whole - 3 * 23);
    const spool = await Spool.open({ folder, mostBytes: LARGE });
    assert.equal(spool.damaged, 3);
    assert.ok(await spool.append(Buffer.from('next')));
    const records = await spool.read(20);
    assert.equal(records.length, 8);
    assert.equal(records.at(-1)?.number, 11n);
    await spool.close();
  });

  test('a torn last record is not damage; a damaged one is passed over and counted', async () => {
    const folder = newFolder();
    await filled(folder, 3);
    const path = join(folder, readdirSync(folder).find((name) => name.endsWith('.spool')) ?? '');
    const bytes = readFileSync(path);
    appendFileSync(path, encodeRecord({ number: 4n, content: Buffer.from('torn') }).subarray(0, 18));
    const torn = await Spool.open({ folder, mostBytes: LARGE });
    assert.deepEqual(text(await torn.read(10)), ['alert 0', 'alert 1', 'alert 2']);
    assert.equal(torn.damaged, 0);
    await torn.close();
    bytes[SEGMENT_HEADER.length + 20] = 0;
    writeFileSync(path, bytes);
    const damaged = await Spool.open({ folder, mostBytes: LARGE });
    assert.deepEqual(text(await damaged.read(10)), ['alert 1', 'alert 2']);
    assert.equal(damaged.damaged, 1);
    await damaged.close();
  });

  test('whatever its files hold, it opens, and gives what is whole', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: 80 }), fc.boolean(), async (noise, at, cut) => {
        const folder = newFolder();
        await filled(folder, 2);
        const path = join(folder, readdirSync(folder).find((name) => name.endsWith('.spool')) ?? '');
        if (cut) truncateSync(path, Math.min(at, statSync(path).size));
        else writeFileSync(path, Buffer.concat([readFileSync(path).subarray(0, at), noise]));
        if (noise.length % 3 === 0) writeFileSync(join(folder, 'delivered'), noise);
        const spool = await Spool.open({ folder, mostBytes: LARGE });
        for (const line of text(await spool.read(10))) assert.match(line, /^alert [01]$/);
        assert.ok(await spool.append(Buffer.from('new')));
        assert.deepEqual(text(await spool.read(10)).at(-1), 'new');
        await spool.close();
        rmSync(folder, { recursive: true });
      }),
      { numRuns: 200 },
    );
  });

  test('records of any bytes are read or not, and none is made up', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const { end, records } = scanRecords(Buffer.from(bytes), 0);
        assert.ok(end <= bytes.length);
        assert.equal(records.length, 0, 'a checksum fits by chance once in 4 billion');
      }),
    );
  });
});

interface Run {
  readonly delivery: Delivery;
  readonly taken: Parcel[];
  readonly troubles: DeliveryTrouble[];
}

function deliver(
  spool: Spool | undefined,
  answer: (parcels: readonly Parcel[]) => Attempt | Promise<Attempt>,
  mostInMemory = 100,
): Run {
  const taken: Parcel[] = [];
  const troubles: DeliveryTrouble[] = [];
  const delivery = new Delivery({
    async send(parcels) {
      const attempt = await answer(parcels);
      if (attempt.kind === 'taken') taken.push(...parcels);
      return attempt;
    },
    atOnce: 4,
    spool,
    mostInMemory,
    onTrouble: (trouble) => void troubles.push(trouble),
  });
  return { delivery, taken, troubles };
}

async function idle(delivery: Delivery): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!delivery.idle) {
    assert.ok(Date.now() < deadline, 'it was not delivered');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const failed = { kind: 'failed', reason: 'away', waitMs: 1 } as const;

describe('delivery', () => {
  test('few but long alerts fill the memory too, and there is room again when they are delivered', async () => {
    let isAway = true;
    const { delivery, taken } = deliver(undefined, () => (isAway ? failed : { kind: 'taken' }));
    for (let number = 0; number < 100; number++) delivery.push(Buffer.alloc(1024 * 1024, number));
    const { waiting, overflowed } = delivery.counters;
    assert.ok(waiting < 40, `${waiting} MB wait`);
    assert.equal(waiting + overflowed, 100);
    isAway = false;
    await idle(delivery);
    delivery.push(Buffer.from('after'));
    await idle(delivery);
    assert.equal(String(taken.at(-1)?.content), 'after');
    await delivery.close(1000);
  });

  test('in order and each once, though the receiver fails at random', async () => {
    const spool = await Spool.open({ folder: newFolder(), mostBytes: LARGE });
    const { delivery, taken, troubles } = deliver(spool, () => (Math.random() < 0.5 ? failed : { kind: 'taken' }));
    const sent = Array.from({ length: 100 }, (_, index) => `alert ${index}`);
    for (const line of sent) {
      delivery.push(Buffer.from(line));
      if (Math.random() < 0.1) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await idle(delivery);
    assert.deepEqual(text(taken), sent);
    assert.equal(new Set(taken.map(({ key }) => key)).size, 100);
    assert.ok(troubles.some(({ kind }) => kind === 'failing') && troubles.some(({ kind }) => kind === 'recovered'));
    assert.equal(delivery.counters.delivered, 100);
    await delivery.close(1000);
  });

  test('what a receiver refuses is found among the others, counted, and does not hold them up', async () => {
    const spool = await Spool.open({ folder: newFolder(), mostBytes: LARGE });
    const { delivery, taken } = deliver(spool, (parcels) =>
      text(parcels).includes('bad') ? { kind: 'refused', reason: '400' } : { kind: 'taken' },
    );
    for (const line of ['a', 'bad', 'b', 'c']) delivery.push(Buffer.from(line));
    await idle(delivery);
    assert.deepEqual(text(taken), ['a', 'b', 'c']);
    assert.equal(delivery.counters.refused, 1);
    await delivery.close(1000);
  });

  test('a receiver that hangs: alerts are on disk at once, and the end does not wait for it', async () => {
    const folder = newFolder();
    const spool = await Spool.open({ folder, mostBytes: LARGE });
    const { delivery } = deliver(spool, () => new Promise((resolve) => setTimeout(resolve, 500, failed)));
    for (let index = 0; index < 10; index++) delivery.push(Buffer.from(`alert ${index}`));
    const deadline = Date.now() + 10_000;
    while (spool.waiting < 10 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(spool.waiting, 10);
    await delivery.close(20);
    const again = await Spool.open({ folder, mostBytes: LARGE });
    assert.equal((await again.read(100)).length, 10);
    await again.close();
  });

  test('the end comes before all is on disk: it gets there all the same', async () => {
    const folder = newFolder();
    const spool = await Spool.open({ folder, mostBytes: LARGE });
    const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<Attempt>()];
    const ask = () => {
      asked.resolve();
      return answer.promise;
    };
    const { delivery } = deliver(spool, ask, 3000);
    delivery.push(Buffer.from('the first'));
    await asked.promise;
    for (let index = 1; index < 3000; index++) delivery.push(Buffer.from(`alert ${index}`));
    const closed = delivery.close(0);
    await new Promise((resolve) => setTimeout(resolve, 5));
    answer.resolve(failed);
    await closed;
    assert.equal(delivery.counters.overflowed, 0);
    const again = await Spool.open({ folder, mostBytes: LARGE });
    assert.equal(again.waiting, 3000);
    await again.close();
  });

  test('without a spool what is too much is counted, and told once', async () => {
    let open: (attempt: Attempt) => void = () => {};
    const held = new Promise<Attempt>((resolve) => {
      open = resolve;
    });
    const { delivery, taken, troubles } = deliver(undefined, () => held, 5);
    for (let index = 0; index < 20; index++) {
      delivery.push(Buffer.from(`alert ${index}`));
      if (index === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.ok(delivery.counters.overflowed >= 11, `${delivery.counters.overflowed}`);
    assert.equal(troubles.filter(({ kind }) => kind === 'full').length, 1);
    open({ kind: 'taken' });
    await idle(delivery);
    assert.equal(taken.length + delivery.counters.overflowed, 20);
    await delivery.close(1000);
  });

  test('a receiver that is slow for long is reported once, not each time that it makes room', async () => {
    const { delivery, troubles } = deliver(undefined, async () => ({ kind: 'taken' }), 5);
    for (let index = 0; index < 50; index++) {
      for (let burst = 0; burst < 20; burst++) delivery.push(Buffer.from('alert'));
      await Promise.resolve();
    }
    assert.ok(delivery.counters.overflowed > 100);
    assert.equal(troubles.filter(({ kind }) => kind === 'full').length, 1);
    await idle(delivery);
    await new Promise((resolve) => setTimeout(resolve, 5));
    for (let burst = 0; burst < 20; burst++) delivery.push(Buffer.from('alert'));
    assert.equal(troubles.filter(({ kind }) => kind === 'full').length, 2);
    await delivery.close(1000);
  });

  test('a spool that is full or a disk that fails: alerts are delivered from memory, and it is reported', async () => {
    const folder = newFolder();
    const spool = await Spool.open({ folder, mostBytes: 200 });
    const { delivery, taken } = deliver(spool, () => ({ kind: 'taken' }));
    for (let index = 0; index < 20; index++) delivery.push(Buffer.alloc(150, `${index % 10}`));
    await idle(delivery);
    assert.equal(taken.length, 20);
    await delivery.close(1000);
    const gone = await Spool.open({ folder: newFolder(), mostBytes: LARGE });
    rmSync(join(root, String(folders)), { recursive: true });
    const other = deliver(gone, () => ({ kind: 'taken' }));
    other.delivery.push(Buffer.from('alert'));
    await idle(other.delivery);
    assert.deepEqual(text(other.taken), ['alert']);
    assert.deepEqual(
      other.troubles.map(({ kind }) => kind),
      ['disk'],
    );
    await other.delivery.close(1000);
  });

  test('killed at any moment, 200 times: nothing that was on disk is lost', { timeout: 240_000 }, async () => {
    const folder = newFolder();
    const { once: received, kept } = await killedAgain(folder, 200);
    assert.ok(kept.size > 200, `${kept.size} alerts`);
    for (const line of kept) assert.ok(received.has(line), `${line} was lost`);
  });
});

/** Runs a process that spools and delivers, and kills it, again and again; the last one is left to deliver all. */
async function killedAgain(folder: string, times: number): Promise<{ once: Set<string>; kept: Set<string> }> {
  const received = new Set<string>();
  const kept = new Set<string>();
  const script = join(import.meta.dirname, '../../support/spool-writer.ts');
  for (let time = 0; time <= times; time++) {
    const last = time === times;
    const child = spawn(process.execPath, [script, folder, String(time), last ? 'drain' : 'run'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk;
    });
    if (!last) {
      await once(child.stdout, 'data');
      setTimeout(() => child.kill('SIGKILL'), Math.random() * 20);
    }
    await once(child, 'close');
    for (const [, word, line = ''] of output.matchAll(/^(kept|received) (.*)$/gm))
      (word === 'kept' ? kept : received).add(line);
  }
  return { once: received, kept };
}
