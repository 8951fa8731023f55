// Audit logs line by line, however they are written.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isJsonFile, logLines } from '../../../host/audit/events/log-lines.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'wasprey-audit-'));
const PATH = join(FOLDER, 'audit.log');
after(() => rmSync(FOLDER, { recursive: true }));

function linesOf(content: string): (readonly [number, string | undefined])[] {
  writeFileSync(PATH, content);
  // The bytes of a line are valid until the next one is read.
  const lines: (readonly [number, string | undefined])[] = [];
  for (const { number, bytes } of logLines(PATH)) lines.push([number, bytes && Buffer.from(bytes).toString()]);
  return lines;
}

function assertLines(read: ReturnType<typeof linesOf>, lines: readonly string[]): void {
  assert.equal(read.length, lines.length);
  // A message with megabytes would help nobody.
  for (const [index, line] of lines.entries()) {
    const [number, text] = read[index] ?? [];
    assert.equal(number, index + 1);
    assert.ok(text === line, `line ${index + 1} of ${lines.length} is not what was written`);
  }
}

test('lines are numbered, blank ones left out, and the last needs no end', () => {
  assert.deepEqual(linesOf('{"a":1}\n\n \t\r\n{"b":2}\r\n{"c":3}'), [
    [1, '{"a":1}'],
    [4, '{"b":2}\r'],
    [5, '{"c":3}'],
  ]);
  assert.deepEqual(linesOf(''), []);
  assert.deepEqual(linesOf('\n'), []);
  assert.deepEqual(linesOf('x\n'), [[1, 'x']]);
});

test('lines longer than what is read at once are whole', () => {
  // Of bytes that differ from chunk to chunk: 2.5 MB.
  const long = Array.from({ length: 360_000 }, (_, index) => index).join(' ');
  const lines = ['1', long, '2', long];
  assertLines(linesOf(lines.join('\n')), lines);
});

test('lines that begin in one chunk and end in the next are whole', () => {
  const lines = Array.from({ length: 400 }, (_, index) => `{"line":${index},"text":"${String(index).repeat(3_000)}"}`);
  assert.ok(lines.join('\n').length > 3 * 1024 * 1024);
  assertLines(linesOf(lines.join('\n')), lines);
  const list = JSON.stringify({ kind: 'EventList', items: lines }, null, 2);
  assertLines(linesOf(list), [list]);
});

test('a line over 12 MB is reported, and not kept', () => {
  const long = 'x'.repeat(13 * 1024 * 1024);
  assert.deepEqual(linesOf(`1\n${long}\n2\n${long}`), [
    [1, '1'],
    [2, undefined],
    [3, '2'],
    [4, undefined],
  ]);
});

test('one value over several lines is taken as a whole', () => {
  const list = JSON.stringify({ kind: 'EventList', items: [{}] }, null, 2);
  assert.deepEqual(linesOf(`${list}\n`), [[1, `${list}\n`]]);
  assert.deepEqual(linesOf(JSON.stringify([1, 2], null, '\t')), [[1, '[\n\t1,\n\t2\n]']]);
});

test('a file of JSON is told from a recording', () => {
  const expected = { '{"a":1}': true, ' \n[1]': true, 'WASPREY\0': false, '': false, '\u0001\u0002': false };
  for (const [content, isJson] of Object.entries(expected)) {
    writeFileSync(PATH, content);
    assert.equal(isJsonFile(PATH), isJson, JSON.stringify(content));
  }
});
