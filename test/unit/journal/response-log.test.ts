// The journal's record of responses: bounded, in order, and no more than a missing line when the disk fails.

import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ResponseLog, type ResponseRecord, readResponseLog } from '../../../host/journal/response-log.ts';
import { directoryForTest } from '../../support/directory.ts';

const fail = (error: unknown): void => assert.fail(String(error));
const recordOf = (time: number): ResponseRecord => ({
  ...{ time, rule: 'r', response: 'freeze', action: 'pause_container', outcome: 'done', text: 'freeze: done' },
});

test('the latest are kept, within the bound, in their order', async (t) => {
  const folder = join(directoryForTest(t), 'journal');
  const log = new ResponseLog(folder, fail, 1000);
  for (let time = 0; time < 50; time++) {
    log.add(recordOf(time));
    await log.close();
  }
  const times = (await readResponseLog(folder)).map(({ time }) => time);
  assert.ok(times.length >= 8);
  assert.deepEqual(
    times,
    Array.from(times, (_, index) => 50 - times.length + index),
  );
  for (const name of readdirSync(folder)) assert.ok(statSync(join(folder, name)).size <= 1000);
  assert.equal(statSync(join(folder, 'responses.jsonl')).mode & 0o077, 0);
});

test('those that come at once are all written; a line that is half there is left out', async (t) => {
  const folder = directoryForTest(t);
  const log = new ResponseLog(folder, fail);
  for (let time = 0; time < 1000; time++) log.add(recordOf(time));
  await log.close();
  appendFileSync(join(folder, 'responses.jsonl'), '{"time":1000,"ru');
  assert.equal((await readResponseLog(folder)).length, 1000);
});

test('a line that is half there does not spoil the next one', async (t) => {
  const folder = directoryForTest(t);
  writeFileSync(join(folder, 'responses.jsonl'), '{"time":1000,"ru');
  const log = new ResponseLog(folder, fail);
  for (const time of [1, 2]) {
    log.add(recordOf(time));
    await log.close();
  }
  assert.deepEqual(await readResponseLog(folder), [recordOf(1), recordOf(2)]);
});

test('what comes at once is kept within the bound, too, in bytes', async (t) => {
  const folder = directoryForTest(t);
  const log = new ResponseLog(folder, fail, 10_000);
  for (let time = 0; time < 1000; time++) log.add({ ...recordOf(time), text: '\u20ac'.repeat(100) });
  await log.close();
  assert.ok((await readResponseLog(folder)).length > 10);
  for (const name of readdirSync(folder)) assert.ok(statSync(join(folder, name)).size <= 10_000);
});

test('none yet, and a disk that fails', async (t) => {
  const folder = directoryForTest(t);
  assert.deepEqual(await readResponseLog(join(folder, 'none')), []);
  mkdirSync(join(folder, 'responses.jsonl'));
  const failures: unknown[] = [];
  const log = new ResponseLog(folder, (error) => failures.push(error), 1 << 30);
  log.add(recordOf(1));
  await log.close();
  assert.equal(failures.length, 1);
});

test('nothing is written through a link, and lines of others are left out', async (t) => {
  const folder = directoryForTest(t);
  const [path, target] = [join(folder, 'responses.jsonl'), join(folder, 'target')];
  writeFileSync(target, '');
  symlinkSync(target, path);
  const failures: unknown[] = [];
  const log = new ResponseLog(folder, (error) => failures.push(error));
  log.add(recordOf(1));
  await log.close();
  assert.deepEqual([failures.length, readFileSync(target, 'utf8')], [1, '']);
  rmSync(path);
  const others = [{ ...recordOf(1), time: 1e30 }, { ...recordOf(1), rule: 7 }, { time: 1 }, [], recordOf(2)];
  writeFileSync(path, others.map((line) => `${JSON.stringify(line)}\n`).join(''));
  assert.deepEqual(await readResponseLog(folder), [recordOf(2)]);
});
