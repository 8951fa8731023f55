// Backtests: what the history lacks for a rule.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { JOURNAL_KINDS, journalWants } from '../../../host/journal/wants.ts';
import { RecordingWriter } from '../../../host/recording/writer.ts';
import { backtestOn } from '../../support/records/backtests.ts';
import { moduleOf } from '../../support/records/built-agent.ts';
import { FACTS, Folder, payloadOf, writeBlocks } from '../../support/records/recordings.ts';

test('what the history lacks for a rule is reported', async () => {
  using folder = new Folder();
  const path = folder.file('lacking.wsp');
  // FACTS of test recordings have openat and setuid.
  writeFileSync(path, writeBlocks([{ payload: payloadOf([], []), events: 0 }]).bytes);
  const needy = await moduleOf(`
- rule: By name
  desc: d
  condition: evt.type = openat and fd.sip.name = example.com
  output: "%proc.nthreads"
  priority: INFO
- rule: Renamed
  desc: d
  condition: evt.type in (rename, openat)
  output: x
  priority: INFO
- rule: Mounted
  desc: d
  condition: evt.type = mount
  output: x
  priority: INFO
- rule: By alice
  desc: d
  condition: evt.type = openat and k8s.user.name = alice
  output: "%k8s.session.id"
  priority: INFO
- rule: By ssh
  desc: d
  condition: evt.type = openat and session.kind = ssh and not session.net = 10.0.0.0/8
  output: "%session.kind %session.source"
  priority: INFO
- rule: Has all
  desc: d
  condition: evt.type = openat
  output: x
  priority: INFO
`);
  const { rules } = await backtestOn([path], needy);
  assert.deepEqual(
    rules.map(({ lacks }) => lacks),
    [
      [
        'the addresses that host names had then: fd.sip.name',
        'fields of its output that only a running process has: proc.nthreads',
      ],
      ['events that were not recorded: rename'],
      ['none of its events were recorded: mount'],
      [
        'whose exec session it was, which a recording does not have, so that these are absent: k8s.user.name, k8s.session.id',
      ],
      [
        'where a session by ssh came from, which a recording does not have, so that these are absent: session.net, session.source',
      ],
      [],
    ],
  );
});

test('of a journal, also which events of a type it does not keep', async () => {
  using folder = new Folder();
  const path = folder.file('journal.wsp');
  const { eventTypes, kept } = journalWants(JOURNAL_KINDS);
  new RecordingWriter(path, { ...FACTS, eventTypes, kept }).close({ dropped: 0, seconds: 1 });
  const rule = (name: string, condition: string) =>
    `- rule: ${name}\n  desc: d\n  condition: ${condition}\n  output: x\n  priority: INFO\n`;
  const { rules } = await backtestOn(
    [path],
    await moduleOf(
      rule(
        'Written',
        'evt.type in (open, openat) and evt.is_open_write = true and fd.num >= 0 and fd.name startswith /etc',
      ) +
        rule('Read', 'evt.type = openat and evt.is_open_read = true and evt.rawres >= 0') +
        rule('Tried', 'evt.type = openat and evt.is_open_write = true and evt.rawres < 0') +
        rule('Started', 'evt.type = execve and evt.rawres = 0') +
        rule('Duplicated', 'evt.type in (dup, execve) and evt.rawres >= 0') +
        rule('Killed', 'evt.type = kill'),
    ),
  );
  assert.deepEqual(Object.fromEntries(rules.map(({ rule, lacks }) => [rule.name, lacks])), {
    Written: [],
    Read: ['opens that do not write are not kept: openat'],
    Tried: ['failed calls are not kept: openat'],
    Started: [],
    Duplicated: ['events that were not recorded: dup'],
    Killed: ['signals of a process to itself are not kept: kill'],
  });
});
