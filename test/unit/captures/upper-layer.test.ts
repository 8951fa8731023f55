// What a container has changed in its files, whatever it has put there.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { openBelow } from '../../../host/captures/state/open-below.ts';
import { TimeLimit } from '../../../host/captures/state/time-limit.ts';
import { changedFiles } from '../../../host/captures/state/upper-layer.ts';

import { directoryForTests } from '../../support/directory.ts';

const directory = directoryForTests();

describe('captures: the upper layer of a container', () => {
  const layer = `${directory}/layer`;
  before(() => {
    mkdirSync(`${layer}/tmp/deep`, { recursive: true });
    writeFileSync(`${layer}/tmp/dropped`, 'content', { mode: 0o755 });
    symlinkSync('/etc', `${layer}/tmp/way-out`);
  });

  it('has each file, and follows no link', () => {
    const found = changedFiles(layer, 100, new TimeLimit(60_000));
    assert.ok(found?.isComplete);
    assert.deepEqual(found.files.map(({ path, kind }) => [path, kind]).toSorted(), [
      ['/tmp', 'directory'],
      ['/tmp/deep', 'directory'],
      ['/tmp/dropped', 'file'],
      ['/tmp/way-out', 'link'],
    ]);
    assert.deepEqual(
      found.files.filter(({ kind }) => kind === 'file').map(({ size, mode }) => [size, mode]),
      [[7, 0o755]],
    );
  });

  it('is cut at a bound, and absent where it is not there', () => {
    assert.equal(changedFiles(layer, 2, new TimeLimit(60_000))?.isComplete, false);
    assert.equal(changedFiles(layer, 100, new TimeLimit(0))?.isComplete, false);
    assert.equal(changedFiles(`${layer}/none`, 100, new TimeLimit(60_000)), undefined);
  });

  it('many files in one folder do not hide those of others, and all are listed once where there is room', () => {
    const crowded = `${directory}/crowded`;
    mkdirSync(`${crowded}/a/z`, { recursive: true });
    mkdirSync(`${crowded}/b/c`, { recursive: true });
    for (let number = 0; number < 1000; number++) writeFileSync(`${crowded}/a/${number}`, '');
    writeFileSync(`${crowded}/b/c/dropped`, '');
    const cut = changedFiles(crowded, 300, new TimeLimit(60_000));
    assert.equal(cut?.isComplete, false);
    assert.equal(cut.files.length, 300);
    assert.ok(cut.files.some(({ path }) => path === '/b/c/dropped'));
    const whole = changedFiles(crowded, 2000, new TimeLimit(60_000));
    assert.ok(whole?.isComplete);
    assert.equal(whole.files.length, 1005);
    assert.equal(new Set(whole.files.map(({ path }) => path)).size, 1005);
  });

  it('has names that are not UTF-8, and what is below them', () => {
    const strange = `${directory}/strange`;
    const evil = Buffer.concat([Buffer.from(`${strange}/evil`), Buffer.of(0xff)]);
    mkdirSync(strange);
    mkdirSync(evil);
    writeFileSync(Buffer.concat([evil, Buffer.from('/\u00e4')]), 'content');
    writeFileSync(`${strange}/\u00e4`, '');
    const found = changedFiles(strange, 100, new TimeLimit(60_000));
    assert.deepEqual(found?.files.map(({ path }) => path).toSorted(), [
      '/evil\\xff',
      '/evil\\xff/\\xc3\\xa4',
      '/\u00e4',
    ]);
    const below = found.entries.find(({ path }) => path.length === '/evil1/12'.length);
    const file = openBelow(strange, below?.path ?? '', 'file');
    assert.ok(file !== undefined);
    assert.equal(readFileSync(file, 'utf8'), 'content');
    closeSync(file);
  });

  it('a device or a pipe in place of a file is not opened', () => {
    assert.equal(openBelow('/dev', '/null', 'file'), undefined);
    execFileSync('mkfifo', [`${layer}/pipe`]);
    assert.equal(openBelow(layer, '/pipe', 'file'), undefined);
    rmSync(`${layer}/pipe`);
    assert.equal(openBelow(layer, '/tmp', 'file'), undefined);
  });

  it('files in it are opened without following a link on the way', () => {
    const inside = openBelow(layer, '/tmp/dropped', 'file');
    assert.ok(inside !== undefined);
    assert.equal(readFileSync(inside, 'utf8'), 'content');
    closeSync(inside);
    assert.equal(openBelow(layer, '/tmp/way-out/passwd', 'file'), undefined);
    assert.equal(openBelow(layer, '/tmp/way-out', 'folder'), undefined);
  });

  it('another device is not a removed file', () => {
    assert.equal(
      changedFiles('/dev', 10_000, new TimeLimit(60_000))?.files.find(({ path }) => path === '/null')?.kind,
      'other',
    );
  });
});
