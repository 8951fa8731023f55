// What this process has mapped of the rings: all of the events' once, read-only, and of each a part that it writes.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { openCapture } from '../../host/capture/open.ts';
import { machineSizes } from '../../host/capture/sizes.ts';
import { EventMemory } from '../../host/fields/memory.ts';
import { polledEvents } from '../support/live/polled-events.ts';
import { text } from '../support/records/records.ts';

const RINGS_MB = 16;
/** Parts that are written, the kernel filter, positions and counters. */
const REST_BYTES = 4e6;
/** Of 700 bytes and more, so that they take some MB of a ring: the part of it that is written moves some times. */
const OPENS = 6000;
const FOLDER = `/tmp/wasprey-no-folder/${'x'.repeat(200)}/`;
/** Of 20 KB each: those that are mapped of the ring of images are 256 KB. */
const EXECS = 40;

interface Mapped {
  readonly rights: string;
  readonly bytes: number;
}

/** What of BPF maps is mapped, and resident. */
function mappedBpf(): Mapped[] {
  const mappings = readFileSync('/proc/self/smaps', 'utf8').matchAll(
    /^[0-9a-f]+-[0-9a-f]+ (\S{4}) .*anon_inode:bpf-map\n(?:[A-Z].*\n)*?Rss: +(\d+) kB$/gm,
  );
  return [...mappings].map(([, rights = '', kilobytes]) => ({ rights, bytes: 1024 * Number(kilobytes) }));
}

function sum(mapped: readonly Mapped[]): number {
  return mapped.reduce((bytes, one) => bytes + one.bytes, 0);
}

test('each page of the rings counts once, and all events and images are read though little is mapped to write', () => {
  const { capture, memory, plan } = openCapture({ source: 'bpf', sizes: machineSizes(RINGS_MB) });
  try {
    capture.start(['openat']);
    const view = new EventMemory(memory.buffer);
    const segments = new Uint32Array(256);
    const seen: string[] = [];
    const poll = (): void => {
      for (let pairs = capture.poll(segments, 10); pairs > 0; pairs = capture.poll(segments, 0)) {
        for (const event of polledEvents(view, segments, pairs)) {
          const name = text(event, 'name') ?? '';
          if (name.startsWith(FOLDER)) seen.push(name.slice(FOLDER.length));
        }
        capture.release();
      }
    };
    for (let n = 0; n < OPENS; n++) {
      assert.throws(() => closeSync(openSync(`${FOLDER}${n}`, 'r')), { code: 'ENOENT' });
      if (n % 1000 === 999) poll();
    }
    for (let n = 0; n < EXECS; n++) spawnSync('/bin/true', ['y'.repeat(20_000)]);
    poll();
    assert.deepEqual(seen.sort(), [...Array(OPENS).keys()].map(String).sort());
    const { imagesLost, unknownImages, malformed } = capture.counters();
    assert.deepEqual({ imagesLost, unknownImages, malformed }, { imagesLost: 0, unknownImages: 0, malformed: 0 });

    const mapped = mappedBpf();
    const rings = plan.ringStride * plan.cpus;
    assert.ok(sum(mapped) >= rings, `${sum(mapped)} bytes are mapped, but rings take ${rings}`);
    assert.ok(sum(mapped) < rings + REST_BYTES, `${sum(mapped)} bytes are mapped, where rings take ${rings}`);
    const written = mapped.filter(({ rights }) => rights !== 'r--s');
    assert.ok(sum(written) < REST_BYTES, `${sum(written)} bytes are mapped to be written`);
  } finally {
    capture.close();
  }
});
