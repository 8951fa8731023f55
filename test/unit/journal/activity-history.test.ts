// Activity over time: what was before, segments that follow, and where there is no record.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Process } from '../../../host/journal/activity/process.ts';
import { ProcessTable } from '../../../host/journal/activity/process-table.ts';
import { gapsOf } from '../../../host/journal/activity/read-activity.ts';
import { History } from '../../../host/journal/event-views.ts';
import type { HistoryFile } from '../../../host/journal/history.ts';
import { FACTS, Folder } from '../../support/records/recordings.ts';
import { host, outline, sessionsOf, sshLogin } from '../../support/records/session-stories.ts';

test('what was before --since is known, but not shown', () => {
  const story = sshLogin(host()).run(310, 302, 'early one').exit(310);
  const since = story.now + 1n;
  story.run(311, 302, 'late one').wrote(302, '/tmp/late');
  const sessions = sessionsOf([story], since);
  assert.deepEqual(sessions.map(outline), [['ssh', '-bash', '  late one']]);
  assert.deepEqual(sessions[0]?.commands[0]?.ranBefore, true);
  assert.deepEqual([...(sessions[0]?.commands[0]?.files.keys() ?? [])], ['/tmp/late']);
});

test('a session is the same in the next segment, whose images are repeated, and after a restart', () => {
  const first = sshLogin(host()).run(310, 302, 'one');
  const second = sshLogin(host())
    .run(310, 302, 'one')
    .exit(310, 1 << 8)
    .run(311, 302, 'two');
  const [ssh, ...others] = sessionsOf([first, second]).filter(({ kind }) => kind === 'ssh');
  assert.ok(ssh);
  assert.deepEqual(others, []);
  assert.deepEqual(outline(ssh), ['ssh', '-bash', '  one', '  two']);
  assert.deepEqual(ssh.commands[0]?.children[0]?.status, { code: 1 });
});

test('it is reported where there is no record', () => {
  const host = FACTS.hostname;
  const at = (started: number, to: number, hostname = host): HistoryFile => ({
    path: 'x',
    facts: { ...FACTS, hostname, started: BigInt(started) * 1_000_000n },
    bytes: 1,
    from: started - 5000,
    to,
    isComplete: true,
  });
  assert.deepEqual(gapsOf([at(10_000, 20_000), at(20_100, 30_000), at(60_000, 70_000)], 1_000), [
    { kind: 'begins', host, at: 10_000 },
    { kind: 'gap', host, from: 30_000, to: 60_000 },
  ]);
  assert.deepEqual(gapsOf([at(10_000, 20_000)], 15_000), []);
  assert.deepEqual(gapsOf([at(10_000, 20_000)], 15_000, 50_000), [{ kind: 'gap', host, from: 20_000, to: undefined }]);
  assert.deepEqual(gapsOf([{ ...at(10_000, 20_000), isComplete: false }], 15_000, 50_000), []);
  assert.deepEqual(gapsOf([at(10_000, 20_000), at(60_000, 70_000, 'other')], undefined), []);
  assert.deepEqual(gapsOf([], undefined), []);
});

test('a process does not keep the images of histories before', () => {
  using folder = new Folder();
  const path = folder.file('story.wsp');
  writeFileSync(path, sshLogin(host()).run(310, 302, 'one').bytes);
  using history = new History(path);
  const table = new ProcessTable();
  let process: Process | undefined;
  for (const item of history.items({ processes: true })) {
    if (item.kind !== 'process' || process) continue;
    process = table.make(item, true);
    if (process) table.own(item.id, process);
  }
  assert.equal(process?.images.length, 1);
  table.begin();
  assert.equal(process?.images.length, 0);
});
