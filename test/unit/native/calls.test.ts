// The tables of native/bpf by which system calls become events, one held against the other.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadAddon } from '../../../host/capture/addon.ts';
import { EVENT_TYPES } from '../../../host/schema/events.ts';
import { PROJECT } from '../../../host/setup/paths.mjs';

const read = (path: string): string => readFileSync(join(PROJECT, 'native', path), 'utf8');
const source = (name: string): string => read(`bpf/${name}`);
const found = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map(([, one = '']) => one);

const types = EVENT_TYPES.map(({ name }) => `EVENT_${name.toUpperCase()}`);

test('each event type has a program that tells of it', () => {
  assert.deepEqual(found(source('hooks.h'), /\bHOOK\((EVENT_\w+), \w+, on_\w+\)/g).toSorted(), types.toSorted());
});

test('32-bit calls are reported as each type, but where i386 has none', () => {
  const text = source('compat_calls.h');
  const [both = '', ...own] = text.slice(text.indexOf('compat_calls[]')).split(/^#(?:el|end)?if.*$/m);
  const [i386 = '', arm = ''] = own;
  const absent = (table: string, pattern: RegExp): string[] => {
    const reported = new Set([...found(both, pattern), ...found(table, pattern)]);
    return types.filter((type) => !reported.has(type));
  };
  // Those of socketcall(2) are in the program.
  assert.deepEqual(absent(i386 + source('compat.bpf.c'), /\] = \{(EVENT_\w+)/g), ['EVENT_KEXEC_FILE_LOAD']);
  assert.deepEqual(absent(arm, /\] = \{(EVENT_\w+)/g), []);
});

test('the addon has the operations of io_uring that the programs have, as the same types', () => {
  // request_type(): one case or several, and what they return.
  const cases = source('io_uring.h').matchAll(/((?:case IORING_OP_\w+:\s*)+)return (EVENT_\w+);/g);
  const inPrograms = [...cases].flatMap(([, names = '', type = '']) =>
    found(names, /IORING_OP_(\w+)/g).map((name) => `${name} ${type}`),
  );
  const table = read('src/io_uring_operations.h').matchAll(/\{"(\w+)", \d+, (EVENT_\w+)\}/g);
  const inAddon = [...table].map(([, name, type]) => `${name} ${type}`);
  assert.ok(inPrograms.length > 10);
  assert.deepEqual(inAddon.toSorted(), inPrograms.toSorted());
});

test('numbers of these operations are those of the headers of the system', (t) => {
  const header = '/usr/include/linux/io_uring.h';
  if (!existsSync(header)) return t.skip(`there is no ${header}`);
  const [, body = ''] = /enum io_uring_op \{([^}]*)\}/.exec(readFileSync(header, 'utf8')) ?? [];
  const numbers = new Map(found(body, /^\s*IORING_OP_(\w+),/gm).map((name, number) => [name, number]));
  const table = [...read('src/io_uring_operations.h').matchAll(/\{"(\w+)", (\d+), EVENT_\w+\}/g)];
  assert.ok(table.length > 10);
  for (const [, name = '', number] of table) {
    // Headers of an older system lack the newest.
    if (numbers.has(name)) assert.equal(Number(number), numbers.get(name), name);
  }
});

test('the addon asks the kernel which of them it lacks', () => {
  const missing = loadAddon().missingIoUringOperations();
  if (missing) for (const name of missing) assert.match(read('src/io_uring_operations.h'), new RegExp(`"${name}"`));
});
