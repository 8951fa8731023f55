// Event types that base_syscalls has not captured: their events are not even produced, and processes are known all the same.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readlinkSync, realpathSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { findEventType } from '../../host/schema/events/index.ts';
import { type RunningProduct, startProduct } from '../support/live/live-product.ts';

const folder = mkdtempSync(join(tmpdir(), 'wasprey-left-out-'));
const lines: string[] = [];
let product: RunningProduct;

const rule = (name: string, condition: string): string => `
- rule: ${name}
  desc: d
  condition: ${condition}
  output: ${name} by %proc.exepath below %proc.pexepath
  priority: NOTICE
`;

before(async () => {
  const text =
    rule('made', `evt.type = mkdir and evt.arg.path startswith ${folder}`) +
    rule('made or removed', `evt.type in (mkdir, rmdir) and evt.arg.path startswith ${folder}`) +
    rule('removed', `evt.type in (unlink, unlinkat) and fs.path.name startswith ${folder}`) +
    rule('run', 'evt.type in (execve, execveat) and proc.name = true');
  const files = [{ name: 'rules.yaml', text }];
  const leftOut = new Set(['mkdir', 'execve', 'execveat', 'read']);
  product = await startProduct(
    files,
    { leftOut, ruleMatching: 'all' },
    (line) => void lines.push(JSON.parse(line).output),
  );
});
after(async () => {
  await product.stop();
  rmSync(folder, { recursive: true });
});

test('rules see what is left, and which see less or nothing is reported', async () => {
  assert.deepEqual(product.troubles, [
    'these rules never match, because mkdir, execve, execveat are not captured: "made", "run"',
    'these rules are blind to some events, because mkdir, execve, execveat are not captured: "made or removed"',
  ]);
  const [inner, file] = [join(folder, 'inner'), join(folder, 'file')];
  mkdirSync(inner);
  rmdirSync(inner);
  writeFileSync(file, '');
  spawnSync('/bin/true');
  spawnSync('/bin/rm', [file]);
  const deadline = performance.now() + 20_000;
  while (!lines.some((line) => /removed by \S+rm/.test(line))) {
    assert.ok(performance.now() < deadline, lines.join('\n'));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const parent = readlinkSync(`/proc/${process.ppid}/exe`);
  assert.deepEqual(
    lines.map((line) => line.replace(/^\S+ Notice /, '')),
    [
      `made or removed by ${process.execPath} below ${parent}`,
      `removed by ${realpathSync('/bin/rm')} below ${process.execPath}`,
    ],
  );
});

test('nothing is produced of them', async () => {
  await product.stop();
  const { evaluated, filtered, dropped } = product.counters().capture;
  const count = (name: string): number => {
    const number = findEventType(name)?.number ?? -1;
    return [evaluated, filtered, dropped].reduce((sum, counts) => sum + (counts[number] ?? 0), 0);
  };
  assert.deepEqual(['mkdir', 'execve', 'execveat'].map(count), [0, 0, 0]);
  assert.ok(count('rmdir') > 0);
});
