// Alerts in a file: what others do to the file, and what the disk does, loses no line unseen.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Alert, DEFAULT_FORMAT } from '../../../host/outputs/alert.ts';
import { type FileOutputOptions, fileOutput } from '../../../host/outputs/file-output.ts';
import { FileWriter } from '../../../host/outputs/file-writer.ts';
import { descriptorOutput } from '../../../host/outputs/line-output.ts';
import { LineWriter } from '../../../host/outputs/line-writer.ts';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasprey-file-'));
});
after(() => rmSync(folder, { recursive: true }));

function alert(message: string): Alert {
  const time = 1795528388365763965n;
  return { time, rule: 'R', priority: 'Critical', source: 'syscall', tags: [], hostname: 'h', message, fields: [] };
}

const told: string[] = [];

function start(path: string, options: Partial<FileOutputOptions> = {}) {
  told.length = 0;
  const onError = (error: NodeJS.ErrnoException) => told.push(error.code ?? error.message);
  return fileOutput(path, { json: false, format: DEFAULT_FORMAT, onError, ...options });
}

const messages = (path: string) =>
  readFileSync(path, 'utf8')
    .replace(/^.*Critical /gm, '')
    .split('\n')
    .slice(0, -1);

describe('a file of alerts', () => {
  it('is appended to, for its owner only', async () => {
    const path = join(folder, 'plain');
    for (const name of ['a', 'b']) {
      const output = start(path);
      output.write(alert(name));
      await output.close(5000);
      assert.deepEqual(output.counters, { written: 1, dropped: 0, errors: 0, queued: 0 });
    }
    assert.deepEqual(messages(path), ['a', 'b']);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('that was moved away is left alone: at once, or when told so', async () => {
    for (const keepOpen of [false, true]) {
      const path = join(folder, `moved-${keepOpen}`);
      const output = start(path, { keepOpen });
      output.write(alert('1'));
      await output.drained?.();
      renameSync(path, `${path}.old`);
      output.write(alert('2'));
      await output.drained?.();
      if (keepOpen) output.reopen?.();
      output.write(alert('3'));
      await output.close(5000);
      assert.deepEqual([messages(`${path}.old`), messages(path)], keepOpen ? [['1', '2'], ['3']] : [['1'], ['2', '3']]);
    }
  });

  it('is renamed when it is full, also what was there before, and the oldest is given up', async () => {
    const path = join(folder, 'full');
    const line = '16:31:56.746609046: Critical 00\n'.length;
    writeFileSync(path, 'x'.repeat(3 * line));
    for (const keepOpen of [false, true]) {
      const output = start(path, { keepOpen, mostBytes: 3 * line, keptFiles: 2 });
      for (let n = 10; n < 20; n++) {
        output.write(alert(String(n)));
        await output.drained?.();
      }
      await output.close(5000);
      assert.deepEqual(told, []);
      assert.deepEqual(
        readdirSync(folder)
          .filter((name) => name.startsWith('full'))
          .sort(),
        ['full', 'full.1', 'full.2'],
      );
      assert.deepEqual(messages(path), ['19']);
      assert.deepEqual(messages(`${path}.1`), ['16', '17', '18']);
      assert.deepEqual(messages(`${path}.2`), ['13', '14', '15']);
      writeFileSync(path, 'x'.repeat(3 * line));
    }
  });

  it('that takes nothing loses its alerts, counted and reported once, until it takes them again', async () => {
    const output = start('/dev/full', { keepOpen: false });
    for (const name of ['a', 'b']) {
      output.write(alert(name));
      await output.drained?.();
    }
    assert.deepEqual([told, output.counters], [['ENOSPC'], { written: 0, dropped: 2, errors: 2, queued: 0 }]);
    await output.close(1000);
    const folderPath = join(folder, 'away');
    execFileSync('mkdir', [folderPath]);
    const path = join(folderPath, 'file');
    const other = start(path, { keepOpen: false });
    await other.drained?.();
    rmSync(folderPath, { recursive: true });
    other.write(alert('lost'));
    await other.drained?.();
    execFileSync('mkdir', [folderPath]);
    other.write(alert('kept'));
    await other.close(1000);
    assert.deepEqual([told, messages(path)], [['ENOENT'], ['kept']]);
  });

  it('that has no room for all of a write has what counts as written, and goes on with a line of its own', async (t) => {
    // As a disk that is full does, this takes what there is room for: first a part of the write, then nothing.
    const limit = (bytes: string) => execFileSync('prlimit', ['--pid', `${process.pid}`, `--fsize=${bytes}:`]);
    t.after(() => limit('unlimited'));
    const line = '16:31:56.746609046: Critical 00\n'.length;
    const cuts = [2.5 * line, 2 * line, 3 * line - 1, 1, 0].map(Math.floor);
    for (const [index, cut] of cuts.entries()) {
      const path = join(folder, `room-${index}`);
      const output = start(path);
      limit(`${cut}`);
      for (const name of ['10', '11', '12', '13']) output.write(alert(name));
      await output.drained?.();
      limit('unlimited');
      output.write(alert('14'));
      await output.close(5000);
      const whole = messages(path).filter((message) => /^1\d$/.test(message));
      assert.deepEqual(whole, [...['10', '11', '12'].slice(0, Math.floor((cut + 1) / line)), '14'], `${cut} bytes`);
      const { written, dropped } = output.counters;
      assert.deepEqual([written, written + dropped, told], [whole.length, 5, ['EFBIG']], `${cut} bytes`);
    }
  });

  it('whose descriptor is of no use is reported when it is written to, and opened anew', async () => {
    const path = join(folder, 'stale');
    told.length = 0;
    const onError = (error: NodeJS.ErrnoException) => told.push(error.code ?? error.message);
    // As one of a server of files may be, which has forgotten it.
    const writer = new FileWriter(path, 1_000_000, { keepOpen: true, mostBytes: 1000, keptFiles: 1, onError });
    writer.push(Buffer.from('1\n'));
    await writer.drained();
    writer.push(Buffer.from('2\n'));
    await writer.close(1000);
    assert.deepEqual([told, readFileSync(path, 'utf8')], [['EBADF'], '2\n']);
    assert.deepEqual(writer.counters, { written: 1, dropped: 1, errors: 1, queued: 0 });
  });

  it('as standard output tells the first of each row of errors', async (t) => {
    const limit = (bytes: string) => execFileSync('prlimit', ['--pid', `${process.pid}`, `--fsize=${bytes}:`]);
    t.after(() => limit('unlimited'));
    const descriptor = openSync(join(folder, 'stdout'), 'w');
    t.after(() => closeSync(descriptor));
    const told: string[] = [];
    const writer = new LineWriter(descriptor, ({ code = '' }) => told.push(code));
    for (const most of ['0', '0', 'unlimited', '0']) {
      limit(most);
      writer.push('line');
      await writer.drained();
    }
    limit('unlimited');
    assert.deepEqual(told, ['EFBIG', 'EFBIG']);
    assert.deepEqual(writer.counters, { written: 1, dropped: 3, errors: 3, queued: 0 });
  });

  it('as a pipe on standard output gets the alerts of a message in one write, before anything else is done', async (t) => {
    const path = join(folder, 'direct');
    execFileSync('mkfifo', [path]);
    const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    t.after(() => closeSync(pipe));
    const output = descriptorOutput({ json: false, format: DEFAULT_FORMAT, onError: assert.fail }, pipe);
    for (const name of ['a', 'b']) output.write(alert(name));
    assert.equal(output.counters.written, 0);
    await Promise.resolve();
    const bytes = Buffer.alloc(1000);
    assert.match(bytes.toString('utf8', 0, readSync(pipe, bytes)), /^\S+ Critical a\n\S+ Critical b\n$/);
    // More than a pipe holds waits for its reader.
    const line = 'x'.repeat(60_000);
    for (let n = 0; n < 5; n++) output.write(alert(line));
    await Promise.resolve();
    assert.ok((output.counters.queued ?? 0) > 0);
    let read = 0;
    const reading = setInterval(() => {
      try {
        for (;;) read += readSync(pipe, bytes);
      } catch {
        // Nothing is in it now.
      }
    }, 1);
    await output.drained?.();
    clearInterval(reading);
    assert.deepEqual(output.counters, { written: 7, dropped: 0, errors: 0, queued: 0 });
    assert.ok(read > 4 * line.length);
    await output.close(1000);
  });

  it('can be a pipe; one that nobody reads is refused, and one that is full holds up nothing', async () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    assert.throws(() => start(path), /ENXIO/);
    // Holds the pipe open and reads nothing.
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const output = start(path, { capacity: 10 });
    for (let n = 0; n < 100; n++) output.write(alert('x'.repeat(20_000)));
    const began = performance.now();
    await output.close(200);
    assert.ok(performance.now() - began < 10_000);
    const { written, dropped, queued } = output.counters;
    assert.deepEqual([written + dropped, queued], [100, 0]);
    assert.ok(dropped >= 80);
    closeSync(reader);
  });
});
