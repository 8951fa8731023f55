// When a built thing counts as up to date.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { digestInputs, isUpToDate, writeStamp } from '../../../host/setup/stamp.mjs';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'wasprey-stamp-'));
  mkdirSync(join(root, 'src/deep'), { recursive: true });
  writeFileSync(join(root, 'src/a.c'), 'int a;');
  writeFileSync(join(root, 'src/deep/b.c'), 'int b;');
  writeFileSync(join(root, 'lock.json'), '{}');
});
afterEach(() => rmSync(root, { recursive: true }));

const digest = (facts: string[] = []) => digestInputs(root, ['src', 'lock.json'], facts);

test('the digest depends on contents and names, at any depth', () => {
  const seen = new Set([digest()]);
  const isNew = () => !seen.has(digest()) && seen.add(digest());
  writeFileSync(join(root, 'src/deep/b.c'), 'int c;');
  assert.ok(isNew(), 'content');
  writeFileSync(join(root, 'src/deep/new.h'), '');
  assert.ok(isNew(), 'an empty new file');
  rmSync(join(root, 'src/a.c'));
  assert.ok(isNew(), 'a file gone');
  rmSync(join(root, 'lock.json'));
  assert.ok(isNew(), 'an input gone');
});

test('the digest depends on given facts', () => {
  assert.notEqual(digest(['x64']), digest(['arm64']));
});

test('bytes that move from one file to another change the digest', () => {
  const before = digest();
  writeFileSync(join(root, 'src/a.c'), 'int ');
  writeFileSync(join(root, 'src/deep/b.c'), 'a;int b;');
  assert.notEqual(digest(), before);
});

test('times do not change the digest', () => {
  const before = digest();
  utimesSync(join(root, 'src/a.c'), 1, 1);
  assert.equal(digest(), before);
});

test('up to date means: same inputs, and every output is there', () => {
  const stamp = join(root, 'state/native.stamp');
  const output = join(root, 'out.node');
  assert.equal(isUpToDate(stamp, digest(), [output]), false, 'never built');
  writeFileSync(output, '');
  writeStamp(stamp, digest());
  assert.equal(isUpToDate(stamp, digest(), [output]), true);
  assert.equal(isUpToDate(stamp, digest(), [output, join(root, 'other')]), false, 'an output is gone');
  writeFileSync(join(root, 'src/a.c'), 'int changed;');
  assert.equal(isUpToDate(stamp, digest(), [output]), false, 'a source has changed');
});
