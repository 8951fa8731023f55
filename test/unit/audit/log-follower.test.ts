// An audit log that is followed: what is appended, rotated, cut and broken.

import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { LONGEST_LINE } from '../../../host/audit/events/log-lines.ts';
import { LogFollower } from '../../../host/audit/live/log-follower.ts';
import { until } from '../../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'wasprey-follow-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;

class Followed {
  readonly path = join(folder, `audit-${++files}.log`);
  readonly troubles: string[] = [];
  text = '';
  tooLong = 0;
  readonly follower = new LogFollower({
    path: this.path,
    take: async (lines) => {
      // It must not read on before that.
      await new Promise((resolve) => setImmediate(resolve));
      this.text += Buffer.from(lines).toString();
    },
    onTooLong: () => {
      this.tooLong++;
    },
    onTrouble: (message) => this.troubles.push(message),
    intervalMs: 2,
    lingerMs: 20,
  });

  append(text: string): void {
    appendFileSync(this.path, text);
  }

  reads(text: string): Promise<true> {
    return until(() => this.text === text || undefined).catch(() => assert.equal(this.text, text)) as Promise<true>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.follower.stop();
  }
}

test('begins at the end, and takes whole lines alone', async () => {
  await using log = new Followed();
  log.append('old\nbegun ');
  await log.follower.start();
  log.append('before\none\ntw');
  await log.reads('one\n');
  log.append('o\n');
  await log.reads('one\ntwo\n');
});

test('a file that comes later is read from its beginning', async () => {
  await using log = new Followed();
  await log.follower.start();
  assert.equal(log.follower.summary.isOpen, false);
  log.append('one\n');
  await log.reads('one\n');
  assert.deepEqual(log.troubles, []);
});

test('rotation by rename: the rest of the old file, its last line without an end too, then the new one', async () => {
  await using log = new Followed();
  log.append('');
  await log.follower.start();
  log.append('one\n');
  await log.reads('one\n');
  renameSync(log.path, `${log.path}.1`);
  appendFileSync(`${log.path}.1`, 'two\nthr');
  writeFileSync(log.path, 'four\n');
  await log.reads('one\ntwo\nthrfour\n');
  await until(() => log.follower.summary.rotations === 1 || undefined);
});

test('rotation by truncation, also if the file is longer than before by the next look', async () => {
  await using log = new Followed();
  log.append('');
  await log.follower.start();
  log.append('first line\n');
  await log.reads('first line\n');
  truncateSync(log.path);
  await until(() => log.follower.summary.truncations === 1 || undefined);
  log.append('2\n');
  await log.reads('first line\n2\n');
  // In one call, so that no look falls between.
  writeFileSync(log.path, 'another line, which is longer\n', { flag: 'r+' });
  await log.reads('first line\n2\nanother line, which is longer\n');
  assert.equal(log.follower.summary.truncations, 2);
});

test('a line over the bound is left out and counted, those beside it are not', async () => {
  await using log = new Followed();
  log.append('');
  await log.follower.start();
  log.append(`a\n${'x'.repeat(LONGEST_LINE + 1)}\nb\n`);
  await log.reads('a\nb\n');
  assert.equal(log.tooLong, 1);
});

test('many lines, over several reads, each once and in order', async () => {
  await using log = new Followed();
  log.append('');
  await log.follower.start();
  const lines = Array.from({ length: 40_000 }, (_, index) => `${index} ${'y'.repeat(index % 97)}\n`).join('');
  log.append(lines);
  await log.reads(lines);
  assert.equal(log.follower.summary.bytes, lines.length);
});

test('a path that is not a file is reported once; the file that replaces it is read', async () => {
  await using log = new Followed();
  mkdirSync(log.path);
  await log.follower.start();
  await until(() => log.follower.failure !== undefined || undefined);
  rmSync(log.path, { recursive: true });
  log.append('one\n');
  await log.reads('one\n');
  assert.deepEqual(log.troubles, [`can't follow ${log.path}: it is not a regular file`]);
  await until(() => log.follower.failure === undefined);
});

test('what was appended before the stop is read', async () => {
  const log = new Followed();
  log.append('');
  await log.follower.start();
  log.append('one\n');
  await log.follower.stop();
  assert.equal(log.text, 'one\n');
});

test('a stop has a time limit, however much there is to read; the rest is reported', async () => {
  const path = join(folder, 'endless.log');
  writeFileSync(path, '');
  const troubles: string[] = [];
  let takes = 0;
  const follower = new LogFollower({
    path,
    take: async (lines) => {
      takes++;
      // As much as it has read.
      appendFileSync(path, lines);
    },
    onTooLong: () => {},
    onTrouble: (message) => troubles.push(message),
    intervalMs: 2,
    stopMs: 20,
  });
  await follower.start();
  appendFileSync(path, 'a line\n');
  await until(() => takes > 0);
  await follower.stop();
  assert.deepEqual(troubles, [`7 bytes of ${path} were not read before the stop`]);
});

test('a file that does not come is a failure, reported once', async () => {
  const path = join(folder, 'none.log');
  const troubles: string[] = [];
  const onTrouble = (message: string): void => {
    troubles.push(message);
  };
  const follower = new LogFollower({
    ...{ path, take: async () => {}, onTooLong: () => {}, onTrouble },
    ...{ intervalMs: 2, missingMs: 20 },
  });
  await follower.start();
  assert.equal(follower.failure, undefined);
  await until(() => follower.failure === 'there is no such file');
  writeFileSync(path, '');
  await until(() => follower.failure === undefined);
  await follower.stop();
  assert.deepEqual(troubles, [`can't follow ${path}: there is no such file`]);
});
