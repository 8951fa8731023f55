// System calls: their numbers, and that each event type is reported by some call.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type CallTable, callNames, callNumber } from '../../../host/schema/events/call-numbers.ts';
import { EVENT_TYPES } from '../../../host/schema/events/index.ts';
import { IO_URING_OPERATIONS } from '../../../host/schema/events/io-uring.ts';

/** Where Debian's linux-libc-dev has the headers of all processors; older ones have those of the machine alone. */
const UAPI = '/usr/lib/linux/uapi';
const HEADERS: readonly [table: CallTable, paths: readonly string[]][] = [
  ['x86-64', [`${UAPI}/x86/asm/unistd_64.h`, '/usr/include/x86_64-linux-gnu/asm/unistd_64.h']],
  ['i386', [`${UAPI}/x86/asm/unistd_32.h`, '/usr/include/x86_64-linux-gnu/asm/unistd_32.h']],
  ['arm64', [`${UAPI}/arm64/asm/unistd_64.h`]],
  ['arm', [`${UAPI}/arm/asm/unistd-eabi.h`]],
];

for (const [table, paths] of HEADERS) {
  test(`numbers of ${table}'s calls are those of the headers of the system`, (t) => {
    const header = paths.find((path) => existsSync(path));
    if (header === undefined) return t.skip(`there is none of ${paths.join(', ')}`);
    const defined = readFileSync(header, 'utf8').matchAll(/^#define __NR_(\w+)\s+\D*(\d+)\)?$/gm);
    const numbers = new Map([...defined].map(([, name = '', number]) => [name, Number(number)]));
    assert.ok(numbers.size > 300);
    // Headers of an older system lack the newest.
    for (const name of callNames())
      if (numbers.has(name)) assert.equal(callNumber(name, table), numbers.get(name), name);
  });
}

test('numbers of operations of io_uring are those of the headers of the system', (t) => {
  const header = '/usr/include/linux/io_uring.h';
  if (!existsSync(header)) return t.skip(`there is no ${header}`);
  const [, body = ''] = /enum io_uring_op \{([^}]*)\}/.exec(readFileSync(header, 'utf8')) ?? [];
  const numbers = new Map([...body.matchAll(/^\s*IORING_OP_(\w+),/gm)].map(([, name], number) => [name, number]));
  assert.ok(numbers.size > 10);
  for (const [name, number] of Object.entries(IO_URING_OPERATIONS)) {
    if (numbers.has(name)) assert.equal(number, numbers.get(name), name);
  }
});

test('each event type has a call of its name, and 32-bit ones but where those have none', () => {
  const without = (table: CallTable): string[] =>
    EVENT_TYPES.filter((type) => callNumber(type.name, table) === undefined && !type.socketcalls).map(
      ({ name }) => name,
    );
  assert.deepEqual(without('x86-64'), []);
  assert.deepEqual(without('i386'), ['kexec_file_load']);
  assert.deepEqual(without('arm'), ['utime', 'mmap']);
});

test('each operation of io_uring is reported as one event type', () => {
  const reported = EVENT_TYPES.flatMap(({ requests }) => requests ?? []);
  assert.deepEqual(reported.toSorted(), Object.keys(IO_URING_OPERATIONS).toSorted());
});

test('no call is reported as two event types', () => {
  const calls = EVENT_TYPES.flatMap(({ name, otherCalls }) => [name, ...(otherCalls ?? [])]);
  assert.equal(new Set(calls).size, calls.length);
});
