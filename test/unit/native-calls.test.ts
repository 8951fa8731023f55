// The tables of native/bpf by which system calls become events, one held against the other.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EVENT_TYPES } from '../../host/schema/events.ts';
import { PROJECT } from '../../host/setup/paths.mjs';

const source = (name: string): string => readFileSync(join(PROJECT, 'native/bpf', name), 'utf8');
const found = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map(([, one = '']) => one);

const types = EVENT_TYPES.map(({ name }) => `EVENT_${name.toUpperCase()}`);

test('each event type has a program that tells of it', () => {
  assert.deepEqual(found(source('hooks.h'), /\bHOOK\((EVENT_\w+), \w+, on_\w+\)/g).toSorted(), types.toSorted());
});

test('32-bit calls are told as each type, but where x86 has none', () => {
  const told = new Set(found(source('compat.bpf.c'), /\] = \{(EVENT_\w+)/g));
  assert.deepEqual(
    types.filter((type) => !told.has(type)),
    ['EVENT_KEXEC_FILE_LOAD'],
  );
});
