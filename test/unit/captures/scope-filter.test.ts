// What belongs to the scope of a capture: events of its processes, their images and those of their ancestors, each once and before it is needed.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ScopeFilter } from '../../../host/captures/writer/scope-filter.ts';
import { loggedImages } from '../../../host/recording/logged-images.ts';
import { IMAGE_FLAGS, IMAGE_KIND } from '../../../host/schema/image.ts';
import { event, process as processImage } from '../../support/records/built-agent.ts';
import { logEntry } from '../../support/records/recordings.ts';
import { imageRecord } from '../../support/records/records.ts';

const { FORK, EXEC, EXIT, CHANGE } = IMAGE_KIND;
const { THREAD } = IMAGE_FLAGS;
const CONTAINER = '0123456789abcdef'.repeat(4);
const OTHER = 'fedcba9876543210'.repeat(4);

interface Image {
  readonly kind?: number;
  readonly pid?: number;
  readonly parent?: number;
  readonly previous?: number;
  readonly session?: number;
  readonly container?: string;
  readonly flags?: number;
  readonly argv?: string;
}

function image(id: number, given: Image = {}): Uint8Array {
  const { kind = FORK, pid = 100 + id, parent = 0, previous = 0, session = 1, container = 'host' } = given;
  const { flags = 0, argv = 'test\0' } = given;
  const record = { kind, pid, parent, previous, sid: session, time: BigInt(id), flags, argv };
  return logEntry(processImage(id, record), { container });
}

const ids = (entries: readonly Uint8Array[]): bigint[] =>
  entries.flatMap((entry) => [...loggedImages(entry)].map(({ id }) => id));
const log = (...entries: readonly Uint8Array[]): Uint8Array => Buffer.concat(entries);
const events = (...images: readonly number[]): Uint8Array =>
  Buffer.concat(images.map((id) => event('unlink', id, { time: BigInt(id) })));

describe('captures: the scope', () => {
  it('of a container: its processes, and ancestors outside of it', () => {
    const filter = new ScopeFilter({ kind: 'container', id: CONTAINER });
    const written = filter.images(
      log(
        image(1),
        image(2, { parent: 1 }),
        image(3, { parent: 2, container: CONTAINER }),
        image(4, { parent: 1, container: OTHER }),
        image(5, { parent: 3, container: CONTAINER }),
      ),
    );
    assert.deepEqual(ids(written), [1n, 2n, 3n, 5n]);
    const { images, count } = filter.events(events(1, 3, 4, 5, 3), 0n);
    assert.deepEqual([ids(images), count], [[], 3]);
  });

  it('of a session: its processes though its leader is gone, and what descends from them', () => {
    const filter = new ScopeFilter({ kind: 'process_tree', pid: 77 });
    const written = filter.images(
      log(
        image(1),
        image(2, { parent: 1, session: 77 }),
        image(3, { parent: 2, session: 300 }),
        image(4, { kind: EXEC, parent: 2, previous: 3, session: 300 }),
        image(5, { parent: 1, session: 78 }),
        image(6, { parent: 1, pid: 77, session: 5 }),
      ),
    );
    assert.deepEqual(ids(written), [1n, 2n, 3n, 4n, 6n]);
    assert.equal(filter.events(events(1, 2, 3, 4, 5, 6), 0n).count, 4);
  });

  it('of the machine: images are written with their first event', () => {
    const filter = new ScopeFilter({ kind: 'all' });
    assert.deepEqual(ids(filter.images(log(image(1), image(2, { parent: 1 })))), [1n, 2n]);
    assert.equal(filter.events(events(1, 2, 9), 0n).count, 3);
  });

  it('events before the time are left out, and those behind the end of their process are not', () => {
    const filter = new ScopeFilter({ kind: 'container', id: CONTAINER });
    const written = filter.images(
      log(image(8, { container: CONTAINER }), image(8, { kind: EXIT }), image(9, { container: CONTAINER })),
    );
    assert.deepEqual(ids(written), [8n, 8n, 9n]);
    assert.equal(filter.events(events(8, 9), 0n).count, 2);
    assert.equal(filter.events(events(8, 9), 9n).count, 1);
  });

  it('an image that is listed again is not written again', () => {
    const filter = new ScopeFilter({ kind: 'container', id: CONTAINER });
    const all = log(image(1), image(2, { parent: 1, container: CONTAINER }));
    assert.equal(filter.images(all).length, 2);
    assert.equal(filter.images(all).length, 0);
  });

  it('an ancestor that has its strings from the image before it comes behind that', () => {
    const filter = new ScopeFilter({ kind: 'container', id: CONTAINER });
    const bare = (id: number, kind: number, more: object) =>
      logEntry(imageRecord({ kind, id: BigInt(id), pid: 20, sid: 1, ...more }), { container: 'host' });
    const written = filter.images(
      log(
        image(1),
        image(2, { parent: 1, pid: 20 }),
        bare(3, CHANGE, { parent: 1n, previous: 2n }),
        image(4, { kind: CHANGE, parent: 1, previous: 3, pid: 20 }),
        image(5, { parent: 3, container: CONTAINER }),
        image(6, { parent: 4, container: CONTAINER }),
      ),
    );
    assert.deepEqual(ids(written), [1n, 2n, 3n, 5n, 4n, 6n]);
  });

  it('images that exec or change replaced are forgotten, also of processes outside of the scope', () => {
    const filter = new ScopeFilter({ kind: 'container', id: CONTAINER });
    let id = 1;
    for (let batch = 0; batch < 100; batch++) {
      const entries = Array.from({ length: 200 }, () => {
        const [forked, program] = [id++, id++];
        return log(
          image(forked, { pid: forked % 30_000 }),
          image(program, { kind: EXEC, pid: forked % 30_000, previous: forked }),
          image(program, { kind: EXIT, pid: forked % 30_000 }),
        );
      });
      filter.images(log(...entries));
    }
    assert.ok(filter.size <= 16_384, `${filter.size} images are kept of ${id - 1}`);
  });

  it('what is kept of long images is bounded by bytes', () => {
    const filter = new ScopeFilter({ kind: 'all' });
    const argv = 'x'.repeat(3500);
    for (let id = 1; id <= 5000; id++) filter.images(image(id, { kind: EXEC, pid: 7, previous: id - 1, argv }));
    assert.ok(filter.size > 1000 && filter.size < 3000, `${filter.size} images are kept`);
  });

  it('an image that is kept does not keep the log', () => {
    const filter = new ScopeFilter({ kind: 'container', id: CONTAINER });
    const whole = log(image(1), image(2, { container: CONTAINER, parent: 1 }), image(3));
    const kept = filter.images(whole);
    assert.equal(kept.length, 2);
    for (const entry of kept) assert.equal(entry.buffer.byteLength, entry.length);
  });

  it('a process keeps its image when a thread of it takes one of its own', () => {
    const filter = new ScopeFilter({ kind: 'container', id: CONTAINER });
    filter.images(log(image(1, { pid: 7, container: CONTAINER })));
    filter.images(log(image(2, { kind: CHANGE, pid: 7, previous: 1, container: CONTAINER, flags: THREAD })));
    for (let id = 3; id < 20_000; id++) {
      filter.images(log(image(id, { pid: 9 }), image(id, { kind: EXIT, pid: 9 })));
    }
    assert.equal(filter.events(events(1, 2), 0n).count, 2);
  });

  it('what a living image has its strings from is kept with it, and forgotten with it', () => {
    const filter = new ScopeFilter({ kind: 'container', id: CONTAINER });
    const bare = (id: number) =>
      logEntry(imageRecord({ kind: CHANGE, id: BigInt(id), pid: 20, sid: 1, previous: BigInt(id - 1) }), {
        container: 'host',
      });
    const others = (first: number) => {
      for (let id = first; id < first + 20_000; id++) {
        filter.images(log(image(id, { pid: 9 }), image(id, { kind: EXIT, pid: 9 })));
      }
    };
    filter.images(log(image(1, { pid: 20 }), bare(2), bare(3)));
    others(100);
    assert.deepEqual(ids(filter.images(image(50_000, { parent: 3, container: CONTAINER }))), [1n, 3n, 50_000n]);
    filter.images(image(3, { kind: EXIT, pid: 20 }));
    const before = filter.size;
    others(60_000);
    assert.ok(filter.size <= before, `${filter.size} images are kept`);
    assert.equal(filter.images(image(1, { pid: 21 })).length, 0);
    assert.deepEqual(ids(filter.images(image(90_000, { parent: 1, container: CONTAINER }))), [1n, 90_000n]);
  });
});
