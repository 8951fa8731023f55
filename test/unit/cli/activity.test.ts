// The command `wasprey activity` on recordings: what it prints, refuses and reports.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { waspreyIn } from '../../support/command-line.ts';
import { Folder } from '../../support/records/recordings.ts';
import { Story } from '../../support/records/story.ts';

const folder = new Folder();
after(() => folder[Symbol.dispose]());

function activity(...words: string[]) {
  return waspreyIn({ env: { ...process.env, TZ: 'UTC' } }, 'activity', ...words);
}

function story(): Story {
  return new Story()
    .snapshot(1, 0, '/usr/lib/systemd/systemd')
    .run(10, 1, '/usr/bin/backup --all', { cgroup: '/system.slice/backup.service', cgroup_id: 7 })
    .run(11, 10, ['mysqldump', '-ps3cret', 'shop'])
    .wrote(11, '/backup/shop.sql')
    .exit(11, 2 << 8)
    .exit(10, 9);
}

const path = folder.file('node.wsp');
writeFileSync(path, story().bytes);

test('sessions are printed as trees, secrets masked', () => {
  const { status, stdout, stderr } = activity(path);
  assert.equal(status, 0, stderr);
  assert.equal(
    stdout.replace(/^[0-9a-f]{8}/, 'ID'),
    [
      'ID  service  root on elsewhere, unit backup.service',
      '  2026-11-24 13:53:06 to 13:53:11',
      '13:53:06    KILL  /usr/bin/backup --all',
      '13:53:08       2  `- mysqldump -p*** shop',
      '                          wrote /backup/shop.sql',
      '',
    ].join('\n'),
  );
  assert.match(stderr, /^wasprey: connections were not recorded$/m);
});

test('one session is shown by the beginning of its id, also as JSON', () => {
  const id = activity(path).stdout.slice(0, 8);
  assert.equal(activity('show', id.slice(0, 4), path).stdout.slice(0, 8), id);
  const { session, kind, unit, commands } = JSON.parse(activity('show', id, path, '--json').stdout);
  assert.deepEqual([session, kind, unit], [id, 'service', 'backup.service']);
  assert.deepEqual(commands[0].commands[0].arguments, ['mysqldump', '-p***', 'shop']);
  assert.deepEqual(commands[0].status, { signal: 'SIGKILL' });
});

test('names of secrets and the folder of the journal come from the configuration', () => {
  const journal = folder.file('journal');
  mkdirSync(journal);
  const segment = join(journal, 'one.wsp');
  writeFileSync(segment, new Story().snapshot(1, 0, 'init').run(2, 1, 'app --door=1 --password=2').bytes);
  const hourAgo = Date.now() / 1000 - 3600;
  utimesSync(segment, hourAgo, hourAgo);
  const options = ['-o', `journal.folder=${journal}`, '-o', 'journal.secret_names=["door"]', '--since', '1000w'];
  const { stdout, stderr } = activity(...options);
  assert.match(stdout, /app --door=\*\*\* --password=2/);
  assert.match(stderr, /nothing was recorded on elsewhere since \d{4}-/);
});

test('what is not there is reported', () => {
  assert.deepEqual([activity(path, '--user', 'nobody').stdout, activity(path, '--user', 'nobody').status], ['', 0]);
  assert.match(activity(path, '--user', 'nobody').stderr, /^wasprey: no session$/m);
  const unknown = activity('show', 'ffff', path);
  assert.deepEqual([unknown.status, unknown.stdout], [1, '']);
  assert.match(unknown.stderr, /there is no session ffff in the record/);
  assert.equal(activity('show', 'bash', path).status, 2);
  assert.equal(activity('show').status, 2);
  assert.equal(activity('show', 'ffff', path, '--follow').status, 2);
  assert.equal(activity(path, '--since', 'yesterday').status, 2);
  const absent = activity(folder.file('nothing.wsp'));
  assert.equal(absent.status, 1);
  assert.match(absent.stderr, /nothing\.wsp: /);
  const none = folder.file('none.wsp');
  writeFileSync(none, 'no recording');
  assert.match(activity(none).stderr, /not a recording/);
  const cut = folder.file('cut-off');
  mkdirSync(cut);
  writeFileSync(join(cut, 'a.wsp'), readFileSync(path).subarray(0, 100));
  const { status, stderr } = activity(cut);
  assert.equal(status, 1);
  assert.match(stderr, /^wasprey: .*a\.wsp is left out: its head is damaged: the file ends within it$/m);
  assert.match(stderr, /^wasprey: nothing can be read in .*cut-off$/m);
});

test('of a damaged recording the rest is shown, and the status is 1', () => {
  const { bytes } = story();
  const damaged = folder.file('damaged.wsp');
  const at = bytes.indexOf('WBLK') + 60;
  bytes.fill(0, at, at + 8);
  writeFileSync(damaged, bytes);
  const { status, stderr } = activity(damaged);
  assert.equal(status, 1);
  assert.match(stderr, /damaged\.wsp is damaged: .*; lost: 1 event$/m);
});
