// What a hostile savefile can make its reader keep or do: each kind has a bound.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BLOCK, BlockReader, encodeBlock, viewOf } from '../../../host/scap/format/blocks.ts';
import type { ByteStream } from '../../../host/scap/format/byte-stream.ts';
import { PartStream } from '../../../host/scap/format/byte-stream.ts';
import { ScapError, type ScapErrorCode } from '../../../host/scap/format/error.ts';
import { Accounts } from '../../../host/scap/read/accounts.ts';
import { Containers } from '../../../host/scap/read/containers.ts';
import type { Descriptor } from '../../../host/scap/read/descriptor.ts';
import { EventVersions } from '../../../host/scap/read/event.ts';
import { Images } from '../../../host/scap/read/images.ts';
import { MOST_THREADS, Process, UNKNOWN_FACTS } from '../../../host/scap/read/process.ts';
import { type Birth, ProcessTable } from '../../../host/scap/read/process-table.ts';
import { type RawEvent, readRawEvent } from '../../../host/scap/read/raw-event.ts';
import { LONGEST_CHAIN } from '../../../host/schema/image.ts';
import { CallCount } from '../../support/call-count.ts';

const MEGABYTE = 1 << 20;

function refused(code: ScapErrorCode, act: () => unknown): void {
  assert.throws(act, (error) => error instanceof ScapError && error.code === code);
}

describe('events', () => {
  function withParameters(count: number): Uint8Array {
    const body = new Uint8Array(2 + 26 + 2 * count);
    const view = viewOf(body);
    view.setUint32(2 + 16, body.length - 2, true);
    view.setUint16(2 + 20, 3, true);
    view.setUint32(2 + 22, count, true);
    return body;
  }

  test('an event has 32 parameters at most', () => {
    assert.equal(readRawEvent({ type: BLOCK.EVENT, at: 0, body: withParameters(32) }).parameters.length, 32);
    refused('SCAP_EVENT', () => readRawEvent({ type: BLOCK.EVENT, at: 0, body: withParameters(33) }));
  });

  const OPEN_ENTER = 2;
  const raw = (tid: number, bytes: number): RawEvent => ({
    ...{ time: 1n, tid, cpu: 0, type: OPEN_ENTER, stateOnly: false },
    parameters: [new Uint8Array(bytes)],
  });

  test('enter events of threads that do not return take 64 MB at most', () => {
    const versions = new EventVersions();
    for (let tid = 1; tid <= 40; tid++) versions.next(raw(tid, 4 * MEGABYTE));
    let kept = 0;
    for (let tid = 1; tid <= 40; tid++) {
      if (versions.next({ ...raw(tid, 0), type: OPEN_ENTER + 1 })?.entered) kept++;
    }
    assert.ok(kept > 0 && kept <= 16, `${kept} events of 4 MB`);
  });

  test('enter events that end make room', () => {
    const versions = new EventVersions();
    const enter = { ...raw(1, 10), parameters: [new Uint8Array(10)] };
    versions.next(enter);
    for (let round = 0; round < 40; round++) {
      versions.next(raw(2, 4 * MEGABYTE));
      if (round % 2 === 0) versions.next({ ...raw(2, 0), type: OPEN_ENTER + 1 });
    }
    assert.ok(versions.next({ ...raw(1, 0), type: OPEN_ENTER + 1 })?.entered);
  });

  test('what is kept of a part is a copy, not the part', () => {
    const part = Buffer.alloc(100);
    let parts: Uint8Array[] = [part];
    const stream = new PartStream({
      next() {
        const [first] = parts;
        parts = [];
        return first;
      },
    });
    const bytes = stream.read(10);
    assert.notEqual(bytes.slice().buffer, bytes.buffer);
  });
});

describe('blocks', () => {
  /** So many zeros behind what comes first. */
  class Zeros implements ByteStream {
    position = 0;
    longest = 0;
    readonly #first: Uint8Array;
    readonly #size: number;

    constructor(first: Uint8Array, size: number) {
      this.#first = first;
      this.#size = size;
    }

    read(length: number): Uint8Array {
      this.longest = Math.max(this.longest, length);
      const bytes = new Uint8Array(Math.min(length, this.#size - this.position));
      bytes.set(this.#first.subarray(this.position, this.position + length));
      this.position += bytes.length;
      return bytes;
    }

    skip(length: number): number {
      const skipped = Math.min(length, this.#size - this.position);
      this.position += skipped;
      return skipped;
    }
  }

  function head(type: number, length: number): Uint8Array {
    const bytes = new Uint8Array(8);
    viewOf(bytes).setUint32(0, type, true);
    viewOf(bytes).setUint32(4, length, true);
    return bytes;
  }

  const isList = (type: number) => type === BLOCK.PROCESSES;

  test('a list of more than 64 MB is refused before it is read', () => {
    const stream = new Zeros(head(BLOCK.PROCESSES, 64 * MEGABYTE + 4), 1 << 30);
    refused('SCAP_BLOCK', () => new BlockReader(stream, isList).next());
    assert.equal(stream.longest, 8);
  });

  test('a block that is not read is passed over, whatever its length', () => {
    const stream = new Zeros(head(BLOCK.INTERFACES, 0xfffffff0), 0xfffffff0);
    // Its trailer is 0.
    refused('SCAP_BLOCK', () => new BlockReader(stream, isList).next());
    assert.equal(stream.position, 0xfffffff0);
    assert.equal(stream.longest, 8);
    refused('SCAP_CUT_OFF', () => new BlockReader(new Zeros(head(BLOCK.INTERFACES, 0xfffffff0), 100), isList).next());
  });

  test('what follows it is read', () => {
    const bytes = Buffer.concat([
      encodeBlock(BLOCK.INTERFACES, new Uint8Array(1000)),
      encodeBlock(BLOCK.PROCESSES, Uint8Array.of(1, 2, 3, 4)),
    ]);
    let at = 0;
    const parts = {
      next() {
        const part = bytes.subarray(at, at + 7);
        at += part.length;
        return part.length === 0 ? undefined : part;
      },
    };
    const blocks = new BlockReader(new PartStream(parts), isList);
    assert.deepEqual(blocks.next(), { type: BLOCK.INTERFACES, at: 0, body: new Uint8Array(0) });
    assert.deepEqual(blocks.next(), { type: BLOCK.PROCESSES, at: 1012, body: Uint8Array.of(1, 2, 3, 4) });
    assert.equal(blocks.next(), undefined);
  });
});

describe('processes', () => {
  const listed = (tid: number, ppid: number) => ({ tid, pid: tid, ppid, vtid: tid, facts: UNKNOWN_FACTS });
  const ONE: Descriptor = { kind: 'f', name: new Uint8Array(0) } as Descriptor;

  function found(table: ProcessTable, tid: number): Process {
    const process = table.find(tid);
    assert.ok(process);
    return process;
  }

  function birth(tid: number, parent: Process): Birth {
    const common = { madeBy: 'parent', time: 1n, isThread: false, facts: {} } as const;
    return { ...common, tid, pid: tid, vtid: tid, parent, ppid: parent.pid };
  }

  test('children share the descriptors of their parent until one of them changes its own', () => {
    const table = new ProcessTable(() => {});
    table.list([listed(1, 0)]);
    table.listDescriptors({
      tid: 1,
      descriptors: Array.from({ length: 20_000 }, (_, number) => ({ number, descriptor: ONE })),
    });
    const parent = found(table, 1);
    {
      using stores = new CallCount(Map.prototype, 'set');
      for (let tid = 2; tid < 1002; tid++) table.born(birth(tid, parent));
      assert.ok(stores.calls > 0 && stores.calls < 10_000, `${stores.calls} entries were stored`);
    }
    const [child, other] = [found(table, 2), found(table, 3)];
    child.descriptors.delete(5);
    parent.descriptors.set(30_000, ONE);
    assert.deepEqual(
      [parent, child, other].map(({ descriptors }) => [descriptors.size, descriptors.get(5), descriptors.get(30_000)]),
      [
        [20_001, ONE, ONE],
        [19_999, undefined, undefined],
        [20_000, ONE, undefined],
      ],
    );
  });

  test('children that change their descriptors have a bound in all; it is free again after their ends', () => {
    const table = new ProcessTable(() => {});
    table.list([listed(1, 0)]);
    const descriptors = Array.from({ length: 100_000 }, (_, number) => ({ number, descriptor: ONE }));
    table.listDescriptors({ tid: 1, descriptors });
    const parent = found(table, 1);
    const sizeOfChild = (tid: number) => {
      table.born(birth(tid, parent));
      const { descriptors: own } = found(table, tid);
      own.set(200_000, ONE);
      assert.equal(own.get(200_000), ONE);
      return own.size;
    };
    const sizes = Array.from({ length: 45 }, (_, index) => sizeOfChild(index + 2));
    // What does not fit in has what it opened itself.
    assert.deepEqual(new Set(sizes), new Set([100_001, 1]));
    const sum = sizes.reduce((all, size) => all + size);
    assert.ok(sum > 3_000_000 && sum < 1 << 22, `${sum} descriptors`);
    table.end(2, 0);
    assert.equal(sizeOfChild(60), 100_001);
  });

  test('of a chain of 100,000 listed processes 1,024 are followed from each, in either order', () => {
    using visits = new CallCount(Process.prototype, 'parent');
    for (const isChildFirst of [false, true]) {
      const table = new ProcessTable(() => {});
      const all = Array.from({ length: 100_000 }, (_, index) => listed(index + 1, index));
      table.list(isChildFirst ? all.reverse() : all);
      visits.calls = 0;
      table.endLists();
      const images = new Images(table, new Accounts(), () => {});
      for (let tid = 99_000; tid < 99_010; tid++) images.of(found(table, tid), 1n);
      assert.ok(visits.calls > 0 && visits.calls <= LONGEST_CHAIN * all.length, `${visits.calls} visits`);
      assert.ok(images.bytes < 4 * MEGABYTE, `${images.bytes} bytes of images`);
    }
  });

  test('a process that is adopted by one of its descendants makes no circle', () => {
    const table = new ProcessTable(() => {});
    table.list([listed(10, 0), listed(11, 10), listed(12, 11), listed(13, 12)]);
    table.endLists();
    table.end(10, 13);
    const images = new Images(table, new Accounts(), () => {});
    images.of(found(table, 13), 1n);
    assert.equal(found(table, 11).parent, undefined);
  });

  test('threads have a bound, and those that end make room', () => {
    const table = new ProcessTable(() => {});
    for (let tid = 1; tid <= MOST_THREADS; tid++) table.ofThread(tid);
    refused('SCAP_THREADS', () => table.ofThread(MOST_THREADS + 1));
    refused('SCAP_THREADS', () => table.born(birth(MOST_THREADS + 1, found(table, 1))));
    assert.equal(table.ofThread(5).pid, 5);
    table.end(5, 0);
    assert.equal(table.ofThread(MOST_THREADS + 1).pid, MOST_THREADS + 1);
  });

  test('accounts have a bound', () => {
    const accounts = new Accounts();
    const long = Buffer.alloc(60_000, 'a');
    for (let id = 0; id < 100_000; id++) {
      accounts.addUser(id, { name: Buffer.from('a'), home: id === 0 ? long : Buffer.from(''), shell: Buffer.from('') });
      accounts.addGroup(id, Buffer.from('b'));
    }
    assert.deepEqual([accounts.users.size, accounts.groups.size], [65_536, 65_536]);
    assert.equal(accounts.users.get(0)?.home.length, 1023);
    accounts.addGroup(7, Buffer.from('c'));
    assert.equal(accounts.groups.get(7), 'c');
  });
});

describe('containers', () => {
  const told = (containers: Containers, container: unknown) =>
    containers.add(Buffer.from(JSON.stringify({ container })));
  const fullId = (index: number) => index.toString(16).padStart(12, '0').padEnd(64, '0');

  function metadataOf(containers: Containers, id: string) {
    containers.seen({ type: 'docker', fullId: id });
    return containers.take().find(({ container }) => container.fullId === id)?.metadata;
  }

  test('a time that is not a number of nanoseconds is left out', () => {
    for (const time of ['1e999', '1e300', '9007199254740991', '-1', '1.5', '"a"']) {
      const containers = new Containers();
      containers.add(Buffer.from(`{"container":{"id":"${fullId(1)}","name":"n","created_time":${time}}}`));
      assert.deepEqual(metadataOf(containers, fullId(1)), { name: 'n' });
    }
  });

  test('what an event says of a container has 64 KB at most', () => {
    const containers = new Containers();
    told(containers, { id: fullId(1), name: 'a'.repeat(70_000) });
    told(containers, { id: fullId(2), name: 'a'.repeat(60_000) });
    assert.equal(metadataOf(containers, fullId(1)), undefined);
    assert.equal(metadataOf(containers, fullId(2))?.name?.length, 60_000);
  });

  test('all that is kept has 64 MB at most, and a container that is reported again takes its place once', () => {
    const containers = new Containers();
    const name = 'a'.repeat(60_000);
    for (let round = 0; round < 1200; round++) told(containers, { id: fullId(0), name });
    for (let index = 1; index < 1200; index++) told(containers, { id: fullId(index), name });
    assert.ok(metadataOf(containers, fullId(1)));
    assert.equal(metadataOf(containers, fullId(1199)), undefined);
  });
});
