// A test file that hangs is ended, with all that it has started, also where that has left its group or its parent.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { FileLimit } from '../../file-limit.ts';
import { directoryForTest } from '../../support/directory.ts';
import { until } from '../../support/until.ts';

/** Starts a child, and a grandchild in a session of its own whose parent ends; both outlast SIGTERM, as it does itself. */
const HANGING = `
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
process.on('SIGTERM', () => {});
const ignores = "trap '' TERM; echo $$ >> pids; while :; do sleep 1; done";
spawn('sh', ['-c', \`setsid sh -c "\${ignores}" & \`], { stdio: 'inherit' });
spawn('sh', ['-c', ignores], { stdio: 'inherit', env: {} });
writeFileSync('pids', process.pid + '\\n', { flag: 'a' });
setInterval(() => {}, 1000);
`;

test('a file that hangs is ended and named, and none of its processes is left', async (t) => {
  const folder = directoryForTest(t);
  const file = join(folder, 'hanging.test.ts');
  const pids = join(folder, 'pids');
  const started = (): number[] => (existsSync(pids) ? readFileSync(pids, 'utf8').trim().split('\n').map(Number) : []);
  writeFileSync(file, HANGING);
  const words = ['--import', join(PROJECT, 'test/mark-file.mjs'), file];
  const child = spawn(process.execPath, words, { cwd: folder, stdio: 'ignore' });
  const exit = once(child, 'exit');
  await until(() => started().length === 3);
  const ended: string[] = [];
  using _limit = new FileLimit(100, (each) => ended.push(each), 20);
  assert.deepEqual(await exit, [null, 'SIGKILL']);
  assert.deepEqual(ended, [file]);
  assert.deepEqual(started().filter(isAlive), []);
});

/** Zombies, which wait for their parent, have ended. */
function isAlive(pid: number): boolean {
  const path = `/proc/${pid}/stat`;
  return existsSync(path) && !/\) Z /.test(readFileSync(path, 'utf8'));
}
