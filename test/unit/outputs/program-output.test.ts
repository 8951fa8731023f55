// The program output: the shell runs the program, for each alert or for all; what it does can stall or lose nothing unseen.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Alert, DEFAULT_FORMAT } from '../../../host/outputs/alert.ts';
import type { Output } from '../../../host/outputs/output.ts';
import { type ProgramOutputOptions, programOutput } from '../../../host/outputs/program-output.ts';
import { withoutDescriptors } from '../../support/no-descriptors.ts';
import { until } from '../../support/until.ts';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasprey-program-'));
});
after(() => rmSync(folder, { recursive: true }));

function alert(message: string): Alert {
  const time = 1795528388365763965n;
  return { time, rule: 'R', priority: 'Critical', source: 'syscall', tags: [], hostname: 'h', message, fields: [] };
}

const told: string[] = [];

function start(command: string, options: Partial<ProgramOutputOptions> = {}): Output {
  told.length = 0;
  const onError = (error: Error) => told.push(error.message);
  return programOutput(command, { json: true, format: DEFAULT_FORMAT, keepAlive: false, onError, ...options });
}

function messages(path: string): string[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  return lines.map((line) => String(JSON.parse(line).output).replace(/^.* /, ''));
}

describe('a program for each alert', () => {
  it('gets one line, and is run in the order of the alerts', async () => {
    const path = join(folder, 'each');
    const output = start(`cat >> ${path}`);
    for (const name of ['a', 'b', 'c']) output.write(alert(name));
    await output.drained?.();
    assert.deepEqual(messages(path), ['a', 'b', 'c']);
    assert.deepEqual(output.counters, { written: 3, dropped: 0, errors: 0, queued: 0 });
    await output.close(1000);
  });

  it('that fails loses its alert, counted and reported once a row; one that reads nothing but ends well does not', async () => {
    const output = start('read line; case "$line" in *bad*) exit 3;; esac');
    for (const name of ['bad1', 'bad2', 'good', 'bad3']) output.write(alert(name));
    await output.drained?.();
    assert.deepEqual(output.counters, { written: 1, dropped: 3, errors: 3, queued: 0 });
    assert.deepEqual(told, ['the program exited with status 3', 'the program exited with status 3']);
    const deaf = start('exec <&-; exit 0');
    deaf.write(alert('x'.repeat(200_000)));
    await deaf.drained?.();
    assert.deepEqual(deaf.counters, { written: 1, dropped: 0, errors: 0, queued: 0 });
  });

  it('that hangs fills its queue and no more, and is killed with what it has started', async () => {
    const path = join(folder, 'pid');
    const output = start(`sleep 1000 & echo $! > ${path}; wait`, { capacity: 2 });
    for (let n = 0; n < 10; n++) output.write(alert(String(n)));
    assert.deepEqual(output.counters, { written: 0, dropped: 7, errors: 0, queued: 3 });
    await until(() => existsSync(path) && readFileSync(path, 'utf8') !== '');
    const pid = Number(readFileSync(path, 'utf8'));
    await output.close(50);
    assert.equal(output.counters.dropped, 10);
    await until(() => !running(pid));
  });

  it('that takes too long is killed, and the next one runs', async () => {
    const path = join(folder, 'late');
    const output = start(`read line; case "$line" in *slow*) sleep 1000;; esac; echo "$line" >> ${path}`, {
      runTimeoutMs: 300,
    });
    for (const name of ['slow', 'quick']) output.write(alert(name));
    await output.drained?.();
    assert.deepEqual(messages(path), ['quick']);
    assert.match(told.join(), /did not end within 0\.3 s and was killed/);
  });
});

it('a program that can not be started loses its alert, counted and reported, and not the agent', async () => {
  // More than the kernel takes of an argument: Node throws.
  const tooLong = `: ${'x'.repeat(200_000)}`;
  const output = start(tooLong);
  output.write(alert('1'));
  await output.drained?.();
  assert.deepEqual(output.counters, { written: 0, dropped: 1, errors: 1, queued: 0 });
  assert.match(told.join(), /E2BIG/);
  await output.close(100);
  const lasting = start(tooLong, { keepAlive: true });
  lasting.write(alert('2'));
  await until(() => told.length > 0);
  assert.match(told.join(), /E2BIG/);
  await lasting.close(10);
  assert.deepEqual([lasting.counters.written, lasting.counters.dropped], [0, 1]);
});

it('a program that there is no descriptor for loses its alert, and the next one is started', async () => {
  const path = join(folder, 'descriptors');
  const output = start(`cat >> ${path}`);
  await withoutDescriptors(async () => {
    output.write(alert('lost'));
    await until(() => told.length > 0);
  });
  assert.match(told.join(), /EMFILE/);
  output.write(alert('kept'));
  await output.close(5000);
  assert.deepEqual(messages(path), ['kept']);
  assert.deepEqual(output.counters, { written: 1, dropped: 1, errors: 1, queued: 0 });
});

describe('a program that runs on', () => {
  it('gets all alerts, and its end of input at the end', async () => {
    const path = join(folder, 'all');
    const output = start(`cat > ${path}; echo '{"output": "end"}' >> ${path}`, { keepAlive: true });
    for (let n = 0; n < 200; n++) output.write(alert(String(n)));
    await output.close(10_000);
    assert.deepEqual(messages(path), [...Array(200).keys()].map(String).concat('end'));
    assert.deepEqual(output.counters, { written: 200, dropped: 0, errors: 0, queued: 0 });
  });

  it('is started again when it ends, and reported once', async () => {
    const path = join(folder, 'again');
    const output = start(`head -n 1 >> ${path}; exit 1`, { keepAlive: true });
    for (let n = 0; messages(path).length < 3; n++) {
      output.write(alert(String(n)));
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.ok(n < 1000, 'it was not started again');
    }
    assert.ok(output.counters.errors >= 2);
    assert.deepEqual(told, ['the program exited with status 1']);
    await output.close(100);
  });

  it('that closes its input and runs on is started again', async () => {
    const path = join(folder, 'deaf');
    const output = start(`[ -e ${path} ] || { : > ${path}; exec <&-; sleep 1000; }; cat >> ${path}`, {
      keepAlive: true,
    });
    output.write(alert('first'));
    await until(() => existsSync(path));
    // What it did not close in time is in a pipe that nobody reads.
    for (let n = 0; messages(path).length === 0; n++) {
      output.write(alert(`${n}`));
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.ok(n < 500, 'it was not started again');
    }
    assert.deepEqual(told, ['the program was killed by SIGKILL']);
    await output.close(5000);
    assert.equal(output.counters.dropped, 0);
  });

  it('that hangs fills its queue, and is killed', async () => {
    const output = start('exec sleep 1000', { keepAlive: true, capacity: 3 });
    for (let n = 0; n < 20; n++) output.write(alert('x'.repeat(50_000)));
    assert.ok(output.counters.dropped >= 16, JSON.stringify(output.counters));
    const began = performance.now();
    await output.close(50);
    assert.ok(performance.now() - began < 10_000);
    const { written, dropped, queued } = output.counters;
    assert.deepEqual([written + dropped, queued], [20, 0]);
  });
});

function running(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
