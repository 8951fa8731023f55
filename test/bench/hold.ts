// What it costs to hold back events of containers that are not known yet: nothing as long as there are none.

import { BuilderCapture } from '../support/records/builder-capture.ts';
import type { Benchmark, Figure } from './figure.ts';

const SIZES = { ringBudget: 8 << 20, imageBudget: 4 << 20, containerBudget: 1 << 20, cpus: 1 };
/** Of one batch: opens of a file by a relative path. */
const EVENTS = 1000;
const ROUNDS = 300;
const MANY = 65_536;

export const HOLD: Benchmark = {
  name: 'hold',
  summary: 'holding back events of containers that are not known yet',
  async run({ quick }) {
    const rounds = quick ? ROUNDS / 10 : ROUNDS;
    return [
      figure('looking for events to hold, an event, while no container is awaited', measure(rounds, 'host', false)),
      figure('the same while one is', measure(rounds, 'host', true)),
      figure('holding an event', measure(rounds, 'awaited', true)),
      figure('giving back the room of one that was held', measure(rounds, 'awaited', true, 'release')),
    ];
  },
};

function figure(what: string, samples: readonly number[]): Figure {
  return { what, unit: 'ns', samples };
}

/** ns an event, of each batch. */
function measure(
  rounds: number,
  where: 'host' | 'awaited',
  awaits: boolean,
  timed: 'hold' | 'release' = 'hold',
): number[] {
  using builder = new BuilderCapture(SIZES, 2048);
  const { capture } = builder;
  const id = 'a'.repeat(64);
  const inside = builder.image('SNAPSHOT', { pid: 2, comm_bytes: 'inside', cwd: '/work', cgroup: `/docker/${id}` });
  const outside = builder.image('SNAPSHOT', { pid: 3, comm_bytes: 'outside', cwd: '/work', cgroup: '/' });
  const image = where === 'host' ? outside : inside;
  builder.poll();
  const segments = new Uint32Array(2048);
  const samples: number[] = [];
  for (let round = 0; round < rounds; round++) {
    if (awaits) capture.awaitContainer(id);
    for (let event = 0; event < EVENTS; event++) {
      builder.event('openat', {
        image,
        kind: 'f'.charCodeAt(0),
        dirfd: -100,
        raw: 'data/file',
        resolved: '/work/data/file',
      });
    }
    capture.poll(builder.segments, 0);
    const hold = nanoseconds(() => capture.hold(MANY));
    capture.release();
    const release = nanoseconds(() => {
      capture.endWait(id);
      while (capture.takeHeld(segments) > 0) capture.releaseHeld();
    });
    samples.push((timed === 'hold' ? hold : release) / EVENTS);
  }
  return samples;
}

function nanoseconds(work: () => unknown): number {
  const began = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - began);
}
