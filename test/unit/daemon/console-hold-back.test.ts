// Exceptions for an alert of the page, by the process that looks things up: proposed by the journal, tried on it, and for this alert if nothing else is.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { type Answer, Lookup } from '../../../host/daemon/console/lookup.ts';
import type { ShownHoldBack } from '../../../host/daemon/console/tuning/messages.ts';
import { exactProposal } from '../../../host/journal/tuning/proposals.ts';
import { Folder } from '../../support/records/recordings.ts';
import { Story } from '../../support/records/story.ts';

const RULE = 'Configuration written';
const RULES = `
- list: editors
  items: [vim, emacs]
- rule: Everything
  desc: It comes first, and would take every alert.
  condition: evt.type in (open, openat)
  output: "%fd.name"
  priority: DEBUG
- rule: ${RULE}
  desc: d
  condition: evt.type in (open, openat) and evt.is_open_write = true and fd.name startswith /etc/
  output: "%fd.name by %proc.name"
  priority: WARNING
`;

const folder = new Folder();
const lookup = new Lookup();
after(() => {
  lookup.close();
  folder[Symbol.dispose]();
});
const files = [folder.file('rules.yaml')];
writeFileSync(files[0] ?? '', RULES);
const journal = folder.file('journal');
mkdirSync(journal);
const story = new Story(BigInt(Date.now() - 600_000) * 1_000_000n)
  .snapshot(50, 1, '/usr/sbin/cron')
  .snapshot(60, 1, '/usr/bin/bash')
  .run(51, 50, '/usr/bin/backup')
  .run(61, 60, '/usr/bin/tee');
for (let sequence = 0; sequence < 300; sequence++) story.wrote(51, '/etc/state', { sequence });
for (let sequence = 300; sequence < 302; sequence++) story.wrote(61, '/etc/passwd', { sequence });
writeFileSync(`${journal}/journal-1.wsp`, story.wrote(61, '/tmp/x').bytes);

const BACKUP = { 'proc.exepath': '/usr/bin/backup', 'proc.pname': 'cron', 'fd.name': '/etc/state' };
const TEE = { 'proc.exepath': '/usr/bin/tee', 'proc.pname': 'bash', 'fd.name': '/etc/passwd' };

interface Given {
  readonly rule?: string;
  readonly files?: readonly string[];
  readonly folder?: string;
  readonly seen?: Readonly<Record<string, string>>;
}

function ask({ seen = BACKUP, ...given }: Given = {}): Promise<Answer> {
  const question = { kind: 'hold-back', rule: RULE, files, statics: {}, folder: journal, since: 0 } as const;
  return lookup.ask({ ...question, ...given, seen: new Map(Object.entries({ 'user.name': 'root', ...seen })) });
}

async function heldBack(given?: Given): Promise<ShownHoldBack> {
  const answer = await ask(given);
  assert.equal(answer.kind, 'hold-back', JSON.stringify(answer));
  assert.ok(answer.kind === 'hold-back');
  return answer;
}

async function refused(given: Given): Promise<string> {
  const answer = await ask(given);
  assert.equal(answer.kind, 'none', JSON.stringify(answer));
  return answer.kind === 'none' ? answer.reason : '';
}

test('an exception says what it would have held back, and what would still have fired', async () => {
  const { alerts, events, exceptions, remarks } = await heldBack();
  // By itself: the rule before it does not take its alerts.
  assert.deepEqual([alerts, events, remarks], [302, 303, []]);
  const [best] = exceptions;
  assert.ok(best);
  assert.deepEqual([best.holdsThis, best.heldBack, best.left], ['yes', 300, 2]);
  assert.deepEqual(best.leftOrigins, [{ name: 'tee in host', alerts: 2 }]);
  assert.match(best.yaml, new RegExp(`^- rule: "${RULE}"\n {2}exceptions:\n.*exceptions: append\n$`, 's'));
  assert.ok(best.fields.includes('proc.exepath') && exceptions.length <= 2);
});

test('one for the alert itself comes first where what the rule fires on most is not that', async () => {
  const { exceptions } = await heldBack({ seen: TEE });
  const [own, ...others] = exceptions;
  assert.ok(own);
  assert.deepEqual(own.fields, ['proc.exepath', 'proc.pname', 'fd.name']);
  assert.deepEqual([own.holdsThis, own.heldBack, own.left], ['yes', 2, 300]);
  assert.match(own.yaml, /'"\/usr\/bin\/tee"', '"bash"', '"\/etc\/passwd"'/);
  assert.ok(others.length > 0 && others.every(({ holdsThis }) => holdsThis === 'no'));
});

test('what was not read of the alert is not taken for held back', async () => {
  const { exceptions } = await heldBack({ seen: { 'proc.exepath': '/usr/bin/backup' } });
  assert.ok(exceptions.length > 0);
  assert.deepEqual(new Set(exceptions.map(({ holdsThis }) => holdsThis)), new Set(['unknown']));
});

test('of a journal without alerts of the rule there is what the alert itself is about', async () => {
  const empty = folder.file('quiet');
  mkdirSync(empty);
  writeFileSync(`${empty}/journal-1.wsp`, new Story().snapshot(50, 1, '/usr/sbin/cron').wrote(50, '/tmp/x').bytes);
  const { alerts, events, exceptions } = await heldBack({ folder: empty });
  assert.deepEqual([alerts, events], [0, 1]);
  assert.deepEqual(
    exceptions.map(({ holdsThis, heldBack: held, left }) => [holdsThis, held, left]),
    [['yes', 0, 0]],
  );
  const nothing = folder.file('empty');
  mkdirSync(nothing);
  assert.deepEqual((await heldBack({ folder: nothing, seen: {} })).exceptions, []);
});

test('a journal that is not there, a rule that is gone, and files with errors have a reason', async () => {
  assert.match(await refused({ folder: folder.file('none') }), /^the journal in .*none can't be read: no such/);
  assert.equal(await refused({ rule: 'No such rule' }), 'the rule files have no such rule now');
  const broken = folder.file('broken.yaml');
  writeFileSync(broken, '- rule: R\n  condition: evt.type = openat and\n');
  assert.match(await refused({ files: [broken] }), /rule files have errors now/);
});

test('an exact exception names a program and something besides, in values that an exception can have', () => {
  const of = (seen: Readonly<Record<string, string>>) => exactProposal(new Map(Object.entries(seen)), ['editors']);
  assert.equal(of({ 'proc.exepath': '/usr/bin/tee' }), undefined);
  assert.equal(of({ 'proc.pname': 'bash', 'fd.name': '/etc/passwd' }), undefined);
  assert.equal(of({ 'proc.exepath': '/tmp/\u202e', 'proc.pname': 'bash' }), undefined);
  // The name of a list would be replaced by its items.
  assert.deepEqual(of({ 'proc.exepath': '/usr/bin/tee', 'proc.pname': 'editors', 'fd.directory': '/etc' }), {
    fields: ['proc.exepath', 'fd.directory'],
    values: [['/usr/bin/tee', '/etc']],
  });
  assert.deepEqual(of({ 'proc.exepath': '/a "b"', 'proc.name': 'b', 'proc.pname': 'bash' }), {
    fields: ['proc.name', 'proc.pname'],
    values: [['b', 'bash']],
  });
});
