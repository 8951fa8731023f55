// The file of `wasprey capture`: when it is made, and what becomes of one that is there.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { startRecording } from '../../../host/agent/record.ts';
import { EngineError } from '../../../host/engine/messages/engine-error.ts';
import { pipeWithReader } from '../../../host/recording/pipe-with-reader.ts';
import { Folder, readAll } from '../../support/records/recordings.ts';
import { until } from '../../support/until.ts';

describe('a file that is there already', { timeout: 30_000 }, () => {
  const SIZES = { ringBudget: 16 << 20, imageBudget: 16 << 20, containerBudget: 1 << 20, cpus: 2 };
  const options = { eventTypes: ['openat'], source: 'builder', onEnd: () => {} } as const;

  test('is replaced by one that its owner alone can read, and so is a link', async () => {
    using folder = new Folder();
    const [path, link] = [folder.file('a.wsp'), folder.file('link.wsp')];
    writeFileSync(path, 'of before', { mode: 0o644 });
    symlinkSync(path, link);
    const session = await startRecording({ ...options, path: link, sizes: SIZES });
    assert.equal(lstatSync(link).mode & 0o170777, 0o100600);
    await session.stop();
    assert.equal(readFileSync(path, 'utf8'), 'of before');
    await (await startRecording({ ...options, path, sizes: SIZES })).stop();
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(readAll(readFileSync(path)).end?.events, 0);
    assert.deepEqual(readdirSync(folder.path).sort(), ['a.wsp', 'link.wsp']);
  });

  test('stays as it was when the capture does not start', async () => {
    using folder = new Folder();
    const path = folder.file('a.wsp');
    writeFileSync(path, 'of before');
    await assert.rejects(startRecording({ ...options, path, sizes: { ...SIZES, cpus: 1e7 } }), EngineError);
    assert.equal(readFileSync(path, 'utf8'), 'of before');
    assert.deepEqual(readdirSync(folder.path), ['a.wsp']);
  });

  test('is reported when it is removed, or replaced, before the recording ends', async () => {
    for (const change of [(path: string) => rmSync(path), (path: string) => renameOver(path)]) {
      using folder = new Folder();
      const path = folder.file('a.wsp');
      const session = await startRecording({ ...options, path, sizes: SIZES });
      change(path);
      const { reason } = await session.stop();
      assert.equal(reason?.kind, 'removed');
    }
    function renameOver(path: string): void {
      writeFileSync(`${path}.other`, 'of another');
      renameSync(`${path}.other`, path);
    }
  });

  test('may be a pipe that somebody reads', async () => {
    using folder = new Folder();
    const pipe = folder.file('pipe');
    execFileSync('mkfifo', [pipe]);
    const reader = spawn('cat', [pipe], { stdio: ['ignore', 'pipe', 'inherit'] });
    const read = buffer(reader.stdout);
    // With a writer from now on: the reader ends with the last of them.
    const writer = await until(() => openIfRead(pipe));
    const { reason } = await (await startRecording({ ...options, path: pipe, sizes: SIZES })).stop();
    closeSync(writer);
    assert.equal(reason, undefined);
    assert.deepEqual(readAll(await read).end?.events, 0);
  });

  test('may not be a pipe that nobody reads; a device is written to where it is', async () => {
    using folder = new Folder();
    const pipe = folder.file('pipe');
    execFileSync('mkfifo', [pipe]);
    await assert.rejects(startRecording({ ...options, path: pipe, sizes: SIZES }), { code: 'RECORDING_PIPE' });
    const { reason } = await (await startRecording({ ...options, path: '/dev/null', sizes: SIZES })).stop();
    assert.equal(reason, undefined);
    assert.ok(statSync('/dev/null').isCharacterDevice());
  });
});

function openIfRead(pipe: string): number | undefined {
  try {
    return pipeWithReader(pipe);
  } catch {
    return undefined;
  }
}
