// mmap and mprotect: rules see all of them; what the journal wants lets those pass that make a file in memory executable, and no others.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { filterTables } from '../../host/capture/filter-tables.ts';
import { openCapture } from '../../host/capture/open.ts';
import { EventMemory } from '../../host/fields/memory.ts';
import type { ImageRecord } from '../../host/fields/record.ts';
import { journalWants } from '../../host/journal/wants.ts';
import { findEventType } from '../../host/schema/events/index.ts';
import { directoryForTests } from '../support/directory.ts';
import { assertFields } from '../support/live/alert-line.ts';
import { testHooks } from '../support/live/hooks.ts';
import { act, type Step, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { AT_FDCWD, O } from '../support/live/live-numbers.ts';
import { polledEvents } from '../support/live/polled-events.ts';
import { type Probe, probe } from '../support/live/probe.ts';
import { namedRule } from '../support/live/race-probes.ts';
import { TIME_FACTOR } from '../support/live/time-factor.ts';
import { text } from '../support/records/records.ts';
import { until } from '../support/until.ts';

/** Of this kernel: 16 KB on some of arm64. */
const PAGE = Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }));
/** Larger than what the dynamic linker protects: on arm64 that is 5 pages. */
const SIZE = 37 * PAGE;
const [READ, WRITE, EXEC] = [1, 2, 4];
const [SHARED, PRIVATE, FIXED, ANONYMOUS, POPULATE] = [1, 2, 0x10, 0x20, 0x8000];

const MAPPED = probe(
  ['mmap', 'mprotect'],
  [
    ...['evt.res', 'evt.arg.res', 'evt.arg.addr', 'evt.arg.length', 'evt.arg.prot', 'evt.arg.flags'],
    ...['evt.arg.offset', 'evt.arg.vm_size', 'evt.rawarg.prot', 'fd.num', 'fd.name', 'fd.type'],
  ],
  // Not those of the dynamic linker.
  `proc.name = act and (evt.rawarg.length = ${SIZE} or evt.rawarg.length = 10)`,
);

/** As a rule on code that is made in memory asks. */
const OVERMAPPED: Probe = {
  ...probe(
    ['mmap'],
    ['evt.arg.addr', 'evt.arg.prot'],
    'proc.name = act and evt.is_32bit = true and evt.arg.prot contains PROT_EXEC and evt.arg.prot contains PROT_WRITE',
  ),
  name: 'executable memory',
};

const directory = directoryForTests();
const file = `${directory}/file`;
writeFileSync(file, 'x'.repeat(2 * PAGE));

const agent = LiveAgent.forTests([MAPPED.rule, namedRule(OVERMAPPED)]);
const check = agent.checks(MAPPED);

const MEMFD: readonly Step[] = [
  ['memfd_create', str('payload'), 0],
  ['ftruncate', 'r0', SIZE],
];

test('rules see each call, with its arguments', async () => {
  const observed = await check(
    [
      ...MEMFD,
      ['mmap', 0, SIZE, READ | EXEC, PRIVATE, 'r0', 0],
      ['openat', AT_FDCWD, str(file), O.RDONLY],
      ['mmap', 0, 10, READ, SHARED, 'r3', PAGE],
      ['mprotect', 'r2', SIZE, READ | WRITE | EXEC],
      ['mmap', 0, SIZE, 0, PRIVATE | ANONYMOUS, -1, 0],
      ['mmap', 0, SIZE, READ, SHARED, 99, 0],
      ['mprotect', PAGE, SIZE, READ],
    ],
    [
      {
        ...{ 'evt.arg.length': String(SIZE), 'evt.arg.prot': 'PROT_READ|PROT_EXEC', 'evt.arg.flags': 'MAP_PRIVATE' },
        ...{ 'fd.num': 3, 'fd.name': 'payload', 'fd.type': 'memfd', 'evt.arg.addr': '0', 'evt.arg.vm_size': null },
      },
      {
        ...{
          'evt.arg.length': '10',
          'evt.arg.prot': 'PROT_READ',
          'evt.arg.flags': 'MAP_SHARED',
          'evt.arg.offset': String(PAGE),
        },
        ...{ 'fd.name': file, 'fd.type': 'file' },
      },
      { 'evt.res': 'SUCCESS', 'evt.arg.prot': 'PROT_READ|PROT_WRITE|PROT_EXEC', 'fd.num': null, 'fd.name': null },
      { 'evt.arg.prot': 'PROT_NONE', 'evt.arg.flags': 'MAP_PRIVATE|MAP_ANONYMOUS', 'fd.num': -1 },
      { 'evt.res': 'EBADF', 'evt.arg.prot': 'PROT_READ', 'fd.num': 99 },
      { 'evt.res': 'ENOMEM', 'evt.arg.addr': String(PAGE), 'evt.arg.length': String(SIZE) },
    ],
  );
  assert.equal(observed[2]?.alert.output_fields['evt.rawarg.prot'], String(READ | WRITE | EXEC));
});

/** The arguments of the mmap of i386: 32-bit words in memory. */
function words(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(values).buffer);
}

for (const what of process.arch === 'x64' ? ['are gone', 'have become others'] : []) {
  test(`the arguments of a 32-bit mmap, over which it maps, ${what}: its access is that of the memory`, async () => {
    const number = findEventType('mmap')?.number ?? assert.fail();
    const lost = (): number => agent.counters.capture.dropped[number] ?? 0;
    await until(() => agent.product.summary().engine !== undefined); // the first numbers come within a second
    const before = lost();
    const [at, all] = [0x2000_0000, READ | WRITE | EXEC];
    const [passed, others] = [`${directory}/passed`, `${directory}/others`];
    // The second page of the file has arguments by which a page before them would be readable.
    writeFileSync(others, Buffer.concat([Buffer.alloc(PAGE), words(at, PAGE, READ, PRIVATE | FIXED, 3, 0)]));
    const isGone = what === 'are gone';
    const flags = PRIVATE | FIXED | (isGone ? ANONYMOUS : POPULATE);
    writeFileSync(passed, words(at, 2 * PAGE, all, flags, isGone ? -1 : 3, 0));
    const calls = await act([
      ['openat', AT_FDCWD, str(others), O.RDONLY],
      ['openat', AT_FDCWD, str(passed), O.RDONLY],
      ['mmap', at, 2 * PAGE, READ | WRITE, PRIVATE | FIXED | ANONYMOUS, -1, 0],
      ['read', 'r1', at + PAGE, 24],
      ['int80:mmap', at + PAGE],
    ]);
    assert.equal(calls.at(-1)?.result, at);
    const alert = await agent.only(OVERMAPPED.name, { 'proc.vpid': BigInt(calls[0]?.pid ?? 0) });
    assertFields(alert, { 'evt.arg.addr': String(at), 'evt.arg.prot': 'PROT_READ|PROT_WRITE|PROT_EXEC' });
    await until(() => lost() > before);
  });
}

/** What passes the filter of the journal alone, of a process that does the steps. */
async function passing(steps: readonly Step[]): Promise<string[]> {
  const { capture, memory } = openCapture({ source: 'bpf', hooks: testHooks() });
  try {
    const { filter } = journalWants(['memory']);
    capture.start(['memfd_create', 'mmap', 'mprotect', 'setsid'], filterTables([filter]));
    const calls = await act([...steps, ['setsid']]);
    // Another process may have that number in another namespace.
    const isOfAct = (image: ImageRecord | undefined): boolean =>
      image !== undefined && image.number('vpid') === calls[0]?.pid && text(image, 'comm') === 'act';
    const view = new EventMemory(memory.buffer);
    const segments = new Uint32Array(2 * 4096);
    const seen: { readonly time: bigint; readonly event: string }[] = [];
    const poll = (): void => {
      const pairs = capture.poll(segments, 20);
      for (const event of polledEvents(view, segments, pairs)) {
        if (!isOfAct(event.image)) continue;
        const name = event.type.name === 'setsid' ? undefined : text(event, 'resolved');
        seen.push({
          time: event.big('time'),
          event: [event.type.name, ...(name === undefined ? [] : [name])].join(' '),
        });
      }
      capture.release();
    };
    const names = (): string[] => seen.map(({ event }) => event);
    const deadline = performance.now() + 10_000 * TIME_FACTOR;
    for (; !names().includes('setsid'); poll()) {
      assert.ok(performance.now() < deadline, `no setsid after ${names().join()}`);
    }
    // Each processor has a ring: a poll can return the last event of one and miss an earlier event of another. The next poll returns that.
    poll();
    seen.sort((one, other) => Number(one.time - other.time));
    return names().slice(0, -1);
  } finally {
    capture.close();
  }
}

test('for the journal, executable mappings of files in memory pass', async () => {
  const seen = await passing([
    ...MEMFD,
    ['mmap', 0, 3 * PAGE, READ | EXEC, PRIVATE, 'r0', 0],
    ['mmap', 0, 3 * PAGE, READ | WRITE, SHARED, 'r0', 0],
    ['openat', AT_FDCWD, str(file), O.RDONLY],
    ['mmap', 0, PAGE, READ | EXEC, PRIVATE, 'r4', 0],
    ['mmap', 0, PAGE, READ | EXEC, PRIVATE | ANONYMOUS, -1, 0],
    ['mprotect', 'r3', PAGE, READ],
    ['mprotect', 'r5', PAGE, READ | EXEC],
    ['mprotect', 'r3', PAGE, READ | EXEC],
    ['mprotect', 'r3', 3 * PAGE, READ | EXEC],
    ['mprotect', 64 * PAGE, PAGE, READ | EXEC],
  ]);
  assert.deepEqual(seen, [
    'memfd_create memfd:payload',
    'mmap memfd:payload',
    'mprotect memfd:payload',
    'mprotect memfd:payload',
  ]);
});

test('a file in memory in the midst of other mappings passes too', async () => {
  const seen = await passing([
    ...MEMFD,
    ['mmap', 0, 9 * PAGE, READ, PRIVATE | ANONYMOUS, -1, 0],
    ['openat', AT_FDCWD, str(file), O.RDONLY],
    ['mmap', 'r2', PAGE, READ, PRIVATE | FIXED, 'r3', 0],
    ['mprotect', 'r2', 9 * PAGE, READ | EXEC],
    ['mprotect', 'r2', 9 * PAGE, READ],
    ['mmap', 'r2', PAGE, READ, PRIVATE | FIXED, 'r0', 0],
    ['mprotect', 'r2', 9 * PAGE, READ | EXEC],
  ]);
  assert.deepEqual(seen, ['memfd_create memfd:payload', 'mprotect memfd:payload']);
});
