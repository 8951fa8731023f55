// The journal's record of requests to enter pods: nobody can push out those of others by being refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRequests } from '../../../host/cli/activity/audit-logs.ts';
import { PodRequestLog, podRequestFiles } from '../../../host/journal/pod-request-log.ts';
import { podRequestFacts } from '../../../host/sessions/pod-request-facts.ts';
import { execEvents, type MadeRequest } from '../../support/audit/exec-events.ts';
import { directoryForTest } from '../../support/directory.ts';

test('requests that are refused do not take the room of others', async (t) => {
  const folder = directoryForTest(t);
  const log = new PodRequestLog(folder, (error) => assert.fail(String(error)), 8_192);
  const add = async (request: Pick<MadeRequest, 'id' | 'user' | 'status' | 'decision'>): Promise<void> => {
    const made = { ...request, words: ['sh'], received: 1_795_528_388_123 };
    for (const event of execEvents(made)) log.add(podRequestFacts(event) ?? assert.fail());
    await log.close();
  };
  await add({ id: 'a', user: 'alice' });
  for (let index = 0; index < 100; index++) await add({ id: `m${index}`, user: 'system:anonymous', status: 403 });
  // Nor by errors from before rights are looked at.
  const error = { user: 'system:anonymous', status: 500, decision: 'none' } as const;
  for (let index = 0; index < 100; index++) await add({ id: `e${index}`, ...error });
  const { requests, unreadable } = readRequests([], podRequestFiles(folder));
  assert.equal(unreadable, 0);
  assert.ok(requests.some(({ user }) => user.name === 'alice'));
  assert.ok(requests.filter(({ isRefused }) => isRefused).length < 100);
});
