// Structs of tables: where members and rows lie, what is written, and what there is no room for.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineStruct } from '../../../host/schema/layout.ts';
import { defineTables, encodeTables } from '../../../host/schema/tables/tables.ts';

const ROW = defineStruct('row', '', [
  { name: 'bits', type: 'u64', doc: '' },
  { name: 'next', type: 'u16', count: 4, doc: '' },
]);
const TABLES = defineTables('tables', '', [
  { name: 'word', type: 'u64', doc: '' },
  { name: 'own', type: 'u64', by: 'reader', doc: '' },
  { name: 'words', type: 'u64', count: 2, doc: '' },
  { name: 'rows', rows: ROW, count: 2, doc: '' },
  { name: 'bytes', type: 'u8', count: 8, doc: '' },
  { name: 'last', rows: ROW, by: 'reader', doc: '' },
]);
const FILLED = {
  word: 1n,
  words: [2n],
  rows: [{ bits: 1n << 63n, next: Uint16Array.of(7, 8) }],
  bytes: Uint8Array.of(9),
};

test('members and rows lie one after the other', () => {
  assert.deepEqual(
    TABLES.members.map(({ offset }) => offset),
    [0, 8, 16, 32, 64, 72],
  );
  assert.equal(TABLES.size, 88);
});

test('a hole is refused', () => {
  const specs = [
    { name: 'a', type: 'u8', doc: '' },
    { name: 'b', rows: ROW, doc: '' },
  ] as const;
  assert.throws(() => defineTables('holed', '', specs), /hole before b at 1/);
});

test('everything is written to its place, up to what the reader writes', () => {
  const bytes = encodeTables(TABLES, FILLED);
  const view = new DataView(bytes.buffer);
  assert.equal(bytes.length, 72);
  assert.deepEqual(
    Array.from({ length: 8 }, (_, index) => view.getBigUint64(8 * index, true)),
    [1n, 0n, 2n, 0n, 1n << 63n, 0x8_0007n, 0n, 0n],
  );
  assert.equal(bytes[64], 9);
});

test('what there is no room for is refused', () => {
  const row = { bits: 0n, next: new Uint16Array(4) };
  assert.throws(() => encodeTables(TABLES, { ...FILLED, words: [1n, 2n, 3n] }), /words has no room for 3 values/);
  assert.throws(() => encodeTables(TABLES, { ...FILLED, rows: [row, row, row] }), /rows has no room for 3 rows/);
  assert.throws(
    () => encodeTables(TABLES, { ...FILLED, rows: [{ ...row, next: new Uint16Array(5) }] }),
    /next has no room for 5 values/,
  );
});
