// `wasprey activity --follow` on a folder: what is begun there is followed, whatever the clock says.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { Folder } from '../../support/records/recordings.ts';
import { Story } from '../../support/records/story.ts';
import { until } from '../../support/until.ts';

/** Each has a process of its own: what is in two histories is shown once. */
let pid = 100;

function told(words: string): Story {
  const begun = new Story()
    .snapshot(1, 0, '/usr/lib/systemd/systemd', { cgroup: '/init.scope' })
    .snapshot(60, 1, '/usr/sbin/cron -f', { cgroup: '/system.slice/cron.service' });
  return runs(begun, words);
}

function runs(story: Story, words: string): Story {
  pid++;
  return story.run(pid, 60, words).exit(pid);
}

const bytesOf = (words: string): Buffer => told(words).bytes;

/** A folder whose files are followed, and what was printed. */
class Followed implements AsyncDisposable {
  readonly folder = new Folder();
  #child: ChildProcess | undefined;
  stdout = '';
  stderr = '';

  start(): void {
    const words = [join(PROJECT, 'host/cli/main.ts'), 'activity', '--follow', this.folder.path];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.#child = child;
  }

  /** It is there as a whole at once. */
  put(name: string, bytes: Uint8Array): void {
    writeFileSync(this.folder.file(`.${name}`), bytes);
    renameSync(this.folder.file(`.${name}`), this.folder.file(name));
  }

  /** Resolves when a file that is begun now is read: all of the files are days old by their times, and only what is begun meanwhile is news. */
  async follows(): Promise<void> {
    let number = 0;
    await until(async () => {
      this.put(`c${number}.wsp`, bytesOf(`/bin/echo news-${number++}`));
      await sleep(200);
      return /echo news-\d+/.test(this.stdout);
    }, 60_000);
  }

  async prints(text: string): Promise<void> {
    await until(() => this.stdout.includes(text), 60_000).catch(() => assert.fail(`${this.stdout}\n${this.stderr}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child;
    if (child) {
      child.kill('SIGINT');
      if (child.exitCode === null) await once(child, 'close');
      assert.equal(child.exitCode, 0, this.stderr);
    }
    this.folder[Symbol.dispose]();
  }
}

test('files that are begun later are followed, also if the clock was set back, and one that is still written before one that ended ahead', async () => {
  await using followed = new Followed();
  const growing = bytesOf('/bin/echo before');
  followed.put('a.wsp', growing.subarray(0, growing.length - 8));
  followed.put('b.wsp', bytesOf('/bin/echo ended'));
  followed.start();
  await followed.follows();
  const last = bytesOf('/bin/echo later');
  followed.put('d.wsp', last.subarray(0, last.length - 8));
  await followed.prints('echo later');
  assert.doesNotMatch(followed.stdout, /before|ended/);
});

test('what is written to a file right before the next begins is printed', async () => {
  await using followed = new Followed();
  followed.put('a.wsp', bytesOf('/bin/echo before'));
  followed.start();
  await followed.follows();
  for (let round = 0; round < 5; round++) {
    const { bytes, starts } = runs(told(`/bin/echo first-${round}`).endBlock(), `/bin/echo second-${round}`).blocks;
    const second = starts[1] ?? assert.fail();
    const name = `d${round}.wsp`;
    followed.put(name, bytes.subarray(0, second));
    await followed.prints(`echo first-${round}\n`);
    appendFileSync(followed.folder.file(name), bytes.subarray(second));
    followed.put(`e${round}.wsp`, bytesOf(`/bin/echo third-${round}`));
    await followed.prints(`echo third-${round}\n`);
    assert.match(followed.stdout, new RegExp(`echo second-${round}\n`));
  }
});

test('a folder that is removed and made anew is followed', async () => {
  await using followed = new Followed();
  followed.put('a.wsp', bytesOf('/bin/echo before'));
  followed.start();
  await followed.follows();
  const { path } = followed.folder;
  rmSync(path, { recursive: true });
  await sleep(1200);
  mkdirSync(path);
  followed.put('d.wsp', bytesOf('/bin/echo anew'));
  await followed.prints('echo anew');
});
