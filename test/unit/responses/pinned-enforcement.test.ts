// Enforcement that goes on without the agent: which rules it is for, what is reported about it afterwards, and who ends it.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { whyNotPinned } from '../../../host/daemon/rules/why-not-pinned.ts';
import { LocalResponder } from '../../../host/responses/performing/local-responder.ts';
import { PinnedEnforcement, unattendedText } from '../../../host/responses/pinned-enforcement.ts';
import { ENFORCED } from '../../../host/schema/enforced.ts';
import { directoryForTest } from '../../support/directory.ts';
import { rulesOf } from '../../support/records/rule-module.ts';
import { responseSet } from '../../support/responses/response-sets.ts';

test('connects and datagrams can be pinned, by address and port alone', () => {
  const lacks = rulesOf([
    'evt.type = connect and fd.sport = 4444',
    'evt.type in (sendto, sendmsg) and fd.rport = 53',
    'evt.type = connect and fd.sport = 4444 and evt.res = SUCCESS',
    'evt.type = connect and fd.sport = 4444 and proc.name = nc',
    'evt.type = execve and evt.failed = false and proc.exepath = /usr/bin/nc',
  ]).map(whyNotPinned);
  assert.deepEqual(
    lacks.map((lack) => lack === undefined),
    [true, true, false, false, false],
  );
  assert.match(lacks[4] ?? '', /only connects and datagrams are refused without the agent/);
});

test('an agent that takes over says what was done, and nothing where nothing was', () => {
  const outcomes: number[] = new Array(16).fill(0);
  outcomes[ENFORCED.HOST] = 3;
  assert.equal(unattendedText({ outcomes, agoMs: 1000 }, 5000), undefined);
  outcomes[ENFORCED.REFUSED] = 2;
  outcomes[ENFORCED.UNDECIDED] = 1;
  assert.equal(
    unattendedText({ outcomes, agoMs: 1000 }, 5000),
    'by pinned responses, since 1970-01-01T00:00:04.000Z, when the previous agent was last running: 2 calls refused, ' +
      '1 call let through because their container or service was not known yet. Their alerts, if any, do not mention it',
  );
});

test('what was said of containers holds for an agent with the same settings alone', () => {
  const pinned = new PinnedEnforcement('/sys/fs/bpf');
  const digest = (namespaces: string[], ...labels: [string, string][]): bigint =>
    pinned.pinsFor({ namespaces, labels: new Map(labels) }).never;
  assert.equal(digest(['a', 'b'], ['k', 'v'], ['l', 'w']), digest(['b', 'a'], ['l', 'w'], ['k', 'v']));
  assert.notEqual(digest(['a', 'b']), digest(['a']));
  assert.notEqual(digest([], ['k', 'v']), digest([], ['k', 'w']));
});

test('the agent that has the ledger removes what is not to be pinned, and at its end for good what is', async (t) => {
  const directory = directoryForTest(t);
  const pinned = new PinnedEnforcement(directory);
  const pin = (): void => {
    mkdirSync(pinned.folder);
    writeFileSync(join(pinned.folder, 'link'), '');
  };
  let isDeleted = false;
  const notes: string[] = [];
  const start = async (isPinned: boolean): Promise<LocalResponder> => {
    const responder = new LocalResponder({
      folder: join(directory, 'ledger'),
      own: { pid: process.pid, container: '', podUid: '' },
      pinned,
      actors: async () => new Map(),
      ownEnd: { begin: async () => {}, isDeleted: async () => isDeleted },
      onFailure: (message) => assert.fail(message),
      onNote: (note) => notes.push(note),
    });
    const response = { name: 'r', match: { rules: ['A'] }, action: 'deny', where: 'kernel' } as const;
    responder.use((await responseSet([response], { pinned: isPinned })).settings);
    await responder.start();
    return responder;
  };
  pin();
  const pinning = await start(true);
  const beside = start(false);
  assert.ok(existsSync(pinned.folder));
  await pinning.close();
  assert.ok(notes.length === 0);
  const other = await beside;
  assert.ok(!existsSync(pinned.folder));
  assert.equal(notes.length, 1);
  await other.close();
  pin();
  const last = await start(true);
  isDeleted = true;
  await last.close();
  assert.ok(!existsSync(pinned.folder));
});
