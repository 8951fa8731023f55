// `wasprey activity --follow` on a folder: what is begun there is followed, whatever the clock says.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { Folder } from '../../support/records/recordings.ts';
import { Story } from '../../support/records/story.ts';
import { until } from '../../support/until.ts';

/** Each has a process of its own: what is in two histories is shown once. */
let pid = 100;

function story(words: string): Buffer {
  pid++;
  return new Story()
    .snapshot(1, 0, '/usr/lib/systemd/systemd', { cgroup: '/init.scope' })
    .snapshot(60, 1, '/usr/sbin/cron -f', { cgroup: '/system.slice/cron.service' })
    .run(pid, 60, words)
    .exit(pid).bytes;
}

test('files that are begun later are followed, also if the clock was set back, and one that is still written before one that ended ahead', async () => {
  using folder = new Folder();
  const put = (name: string, bytes: Uint8Array): void => {
    // It is there as a whole at once.
    writeFileSync(folder.file(`.${name}`), bytes);
    renameSync(folder.file(`.${name}`), folder.file(name));
  };
  const growing = story('/bin/echo before');
  put('a.wsp', growing.subarray(0, growing.length - 8));
  put('b.wsp', story('/bin/echo ended'));
  const child = spawn(process.execPath, [join(PROJECT, 'host/cli/main.ts'), 'activity', '--follow', folder.path]);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  try {
    // All of these are days old by their times, and only what is begun meanwhile is news.
    let number = 0;
    await until(async () => {
      put(`c${number}.wsp`, story(`/bin/echo news-${number++}`));
      await sleep(200);
      return /echo news-\d+/.test(stdout);
    }, 60_000);
    const seen = number;
    const last = story('/bin/echo later');
    put('d.wsp', last.subarray(0, last.length - 8));
    await until(() => stdout.includes('echo later'), 60_000);
    assert.doesNotMatch(stdout, /before|ended/);
    assert.ok(seen > 0);
  } finally {
    child.kill('SIGINT');
    const [status] = await once(child, 'close');
    assert.equal(status, 0, stderr);
  }
});
