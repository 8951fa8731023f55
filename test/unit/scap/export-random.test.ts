// Recordings of random processes are exported as savefiles that raise the same alerts.

import { before, test } from 'node:test';
import fc from 'fast-check';
import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import { event, moduleOf } from '../../support/records/built-agent.ts';
import {
  assertSame,
  CHANGE,
  EXEC,
  EXPORT_RULES,
  FILE,
  FORK,
  image,
  SNAPSHOT,
  START,
} from '../../support/records/exports.ts';
import { payloadOf, type WrittenBlock } from '../../support/records/recordings.ts';

process.env.TZ = 'UTC';

let module: RuleModule;
before(async () => {
  module = await moduleOf(EXPORT_RULES);
});

/** Names are of few bytes, so that they are often the same. */
const name = fc.constantFrom('/etc/shadow', 'a', './b', '../c', '/usr//bin/./x', 'd/e');

const step = fc.record({
  act: fc.constantFrom('open', 'fork', 'cloned', 'exec', 'change', 'exit', 'unlink', 'kill', 'dup'),
  who: fc.nat(7),
  text: name,
  number: fc.nat(5),
  hasLink: fc.boolean(),
});

interface Living {
  readonly id: number;
  readonly pid: number;
  readonly parent: number;
  readonly start: bigint;
  readonly name: string;
  readonly cwd: string;
  readonly uid: number;
}

/** A recording of what random processes do, each step a block's part. */
function recordingOf(steps: readonly (typeof step extends fc.Arbitrary<infer Step> ? Step : never)[]): WrittenBlock {
  const images: Uint8Array[] = [];
  const events: Uint8Array[] = [];
  const all: Living[] = [];
  const add = (kind: number, living: Omit<Living, 'id'>, previous = 0): Living => {
    const one = { ...living, id: images.length + 1 };
    const { id, pid, parent, start, name: comm, cwd, uid } = one;
    images.push(
      image(id, {
        kind,
        pid,
        parent,
        previous,
        start_time: start,
        comm_bytes: comm,
        argv: `${comm}\0-x\0`,
        cwd,
        uid,
        gid: uid,
        sid: pid,
        pgid: pid,
      }),
    );
    return one;
  };
  all.push(add(SNAPSHOT ?? 5, { pid: 100, parent: 0, start: START, name: 'first', cwd: '/', uid: 0 }));
  for (const [index, { act, who, text, number, hasLink }] of steps.entries()) {
    const place = who % all.length;
    const one = all[place];
    if (!one) continue;
    const common = { time: START + 1_000_000n * BigInt(index), tid: one.pid };
    if (act === 'fork' || act === 'cloned') {
      const pid = 200 + index;
      all.push(add(FORK ?? 1, { ...one, pid, parent: one.id, start: START + BigInt(index) }));
      // The parent may change its descriptors, place and user between this event and the child's first.
      if (act === 'cloned') events.push(event('clone', one.id, { ...common, fd: -1, result: pid }));
    } else if (act === 'dup') {
      const file = { kind: 'f'.charCodeAt(0), resolved: hasLink ? '/linked' : '/same' };
      const [old_fd, new_fd] = [number % 2, 3];
      events.push(event('dup2', one.id, { ...common, ...file, result: new_fd, fd: new_fd, old_fd, new_fd }));
    } else if (act === 'exec') all[place] = add(EXEC ?? 2, { ...one, name: `run${number}` }, one.id);
    else if (act === 'change') all[place] = add(CHANGE ?? 4, { ...one, cwd: `/d${number}`, uid: number }, one.id);
    else if (act === 'open') {
      const resolved = hasLink ? `/linked${number}` : undefined;
      events.push(
        event('openat', one.id, { ...common, ...FILE, raw: text, resolved: resolved ?? '/same', open_flags: number }),
      );
    } else if (act === 'unlink')
      events.push(event('unlink', one.id, { ...common, fd: -1, dirfd: -100, result: -number, raw: text }));
    else if (act === 'kill')
      events.push(event('kill', one.id, { ...common, fd: -1, result: 0, numbers: [BigInt(one.pid), 9n, 0n, 0n] }));
  }
  events.push(
    event('unlink', 1, { time: START + 99_000_000_000n, tid: 100, fd: -1, dirfd: -100, result: 0, raw: '/end' }),
  );
  return { payload: payloadOf(images, events), events: events.length };
}

test('random processes, programs and files', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      await assertSame(module, [recordingOf(steps)]);
    }),
    { numRuns: 12 },
  );
});
