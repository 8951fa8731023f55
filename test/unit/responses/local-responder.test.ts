// The responder of an agent that is started while the one before still has the ledger, as in an upgrade.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ledger } from '../../../host/responses/ledger/ledger.ts';
import { LocalResponder } from '../../../host/responses/performing/local-responder.ts';
import { directoryForTests } from '../../support/directory.ts';

test('it takes up the ledger as soon as the agent before has ended, and reports nothing', async () => {
  const folder = join(directoryForTests(), 'ledger');
  mkdirSync(folder);
  const before = await Ledger.open(folder);
  const { id } = await before.begin(
    { action: 'pause_container', response: 'r', container: 'c', containerName: '', pod: '', time: 0, kept: {} },
    [],
  );
  await before.set(id, 'in-force');
  const failures: string[] = [];
  const responder = new LocalResponder({
    folder,
    own: { pid: process.pid, container: '', podUid: '' },
    actors: async () =>
      new Map([['pause_container', { prepare: () => Promise.reject(new Error('unused')), undo: async () => {} }]]),
    onFailure: (message) => failures.push(message),
    onNote: () => {},
  });
  const started = responder.start();
  setTimeout(() => void before.close(), 50);
  await started;
  assert.deepEqual(
    (await responder.list()).map((entry) => entry.id),
    [id],
  );
  assert.equal((await responder.undo(id)).id, id);
  assert.deepEqual(failures, []);
  await responder.close();
});
