// What the page may change, over HTTP: a response that is in force is undone by the page alone, and only where the configuration allows it.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ShownInForce, ShownUndo } from '../../../host/daemon/console/responses/messages.ts';
import { text } from '../../../host/fields/value.ts';
import { directoryForTests } from '../../support/directory.ts';
import { type PageAgent, startPageAgent } from '../../support/page/page-agent.ts';
import { STORY_RULES } from '../../support/page/page-story.ts';
import { type LeftResponses, leftResponses, PAUSED_CONTAINER } from '../../support/responses/left-responses.ts';

const API = `/api/${'a'.repeat(22)}`;
const folder = directoryForTests();
const logged: string[] = [];
const undone: string[] = [];
let left: LeftResponses;
let agent: PageAgent;
before(async () => {
  const entries = [
    {},
    { response: 'pause all', pod: '', undoAt: Date.now() + 600_000 },
    { container: '', pod: '' },
    {},
  ];
  left = await leftResponses(join(folder, 'ledger'), entries, async ({ id }) => {
    if (id === left.ids[3]) throw new Error('the runtime does not answer');
    undone.push(id);
  });
  const options = { actions: true, responses: left.responder, onLog: (message: string) => void logged.push(message) };
  agent = await startPageAgent(STORY_RULES, options);
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  await left.responder.close();
});

async function session(): Promise<string> {
  const token = new URL(agent.link()).hash.replace('#token=', '');
  const response = await fetch(`${agent.origin}/session`, { method: 'POST', body: token });
  assert.equal(response.status, 200);
  return response.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
}

interface Answer<Body> {
  readonly status: number;
  readonly body: Body & { readonly error?: string };
}

async function ask<Body>(path: string, headers: Record<string, string>, method = 'GET'): Promise<Answer<Body>> {
  const response = await fetch(`${agent.origin}${API}/${path}`, { method, headers });
  return { status: response.status, body: (await response.json()) as Answer<Body>['body'] };
}

const undo = (id: string, headers: Record<string, string>): Promise<Answer<ShownUndo>> =>
  ask<ShownUndo>(`responses/${id}/undo`, headers, 'POST');

/** Has an alert with these fields, and asks what is in force where it is from. */
async function inForce(cookie: string, fields: Readonly<Record<string, string>>): Promise<ShownInForce> {
  const { board } = agent.page;
  const looking = await fetch(`${agent.origin}${API}/stream`, { headers: { cookie } });
  const alert = { rule: 'Shell', priority: 'Notice', source: 'syscall', tags: [], hostname: 'node' } as const;
  const values = Object.entries(fields).map(([key, value]) => ({ key, value: text(value) }));
  board.write({ ...alert, time: BigInt(Date.now()) * 1_000_000n, message: 'a shell', fields: values });
  alerts++;
  const answer = await ask<ShownInForce>(`alerts/${alerts}/in-force`, { cookie });
  await looking.body?.cancel();
  assert.equal(answer.status, 200);
  return answer.body;
}
let alerts = 0;

test('an alert has what is in force on its container and its pod', async () => {
  const cookie = await session();
  const of = async (fields: Readonly<Record<string, string>>): Promise<string[]> =>
    (await inForce(cookie, fields)).entries.map(({ id }) => id);
  const [first = '', second = '', host = '', fourth = ''] = left.ids;
  const short = PAUSED_CONTAINER.slice(0, 12);
  assert.deepEqual(await of({ 'container.id': short }), [first, second, fourth]);
  assert.deepEqual(await of({ 'k8s.ns.name': 'shop', 'k8s.pod.name': 'web-1' }), [first, fourth]);
  assert.deepEqual(await of({ 'container.id': 'host' }), [host]);
  for (const other of ['', 'c0ffee', '0'.repeat(12)]) assert.deepEqual(await of({ 'container.id': other }), []);
  assert.deepEqual(await of({ 'k8s.ns.name': 'shop', 'k8s.pod.name': 'web-2' }), []);
  assert.deepEqual(await of({}), []);
  const { entries, mayUndo } = await inForce(cookie, { 'container.id': short });
  assert.equal(mayUndo, true);
  const [one, other] = entries;
  assert.deepEqual(
    [one?.action, one?.phase, one?.on, one?.response, one?.undoneAt],
    ['pause container', 'in-force', 'shop/web-1 web', 'pause shells', undefined],
  );
  assert.deepEqual([other?.on, (other?.undoneAt ?? 0) > Date.now()], ['web', true]);
  assert.equal((await ask('alerts/99999/in-force', { cookie })).status, 404);
});

test('only the page itself, with a session, undoes a response', async () => {
  const cookie = await session();
  const { origin } = agent;
  const id = left.ids[0] ?? '';
  assert.equal((await undo(id, { origin })).status, 401);
  assert.equal((await undo(id, { cookie })).status, 403);
  assert.equal((await undo(id, { cookie, origin: 'https://attacker.example' })).status, 403);
  assert.equal((await undo(id, { cookie, origin: 'null' })).status, 403);
  assert.equal((await undo(id, { cookie, origin: origin.replace('127.0.0.1', 'localhost') })).status, 403);
  assert.equal((await ask(`responses/${id}/undo`, { cookie, origin })).status, 404);
  assert.deepEqual([undone, logged], [[], []]);
  assert.equal((await left.responder.list()).length, 4);
});

test('without console.actions the page is read-only, from the moment the configuration says so', async () => {
  const cookie = await session();
  const { origin } = agent;
  const id = left.ids[0] ?? '';
  agent.allowActions(false);
  const refused = await undo(id, { cookie, origin });
  assert.deepEqual([refused.status, refused.body], [403, { error: 'the page is read-only: console.actions is off' }]);
  const { entries, mayUndo } = await inForce(cookie, { 'container.id': 'host' });
  assert.deepEqual([entries.length, mayUndo], [1, false]);
  assert.deepEqual([undone, logged], [[], []]);
  agent.allowActions(true);
});

test('one that is undone is in force no more, and the log has who asked for it', async () => {
  const cookie = await session();
  const headers = { cookie, origin: agent.origin };
  const id = left.ids[1] ?? '';
  assert.deepEqual(await undo(id, headers), { status: 200, body: {} });
  assert.deepEqual([undone, logged], [[id], [`the page asks to undo response ${id}`]]);
  assert.ok(!(await left.responder.list()).some((entry) => entry.id === id));
  const again = await undo(id, headers);
  assert.deepEqual([again.status, again.body], [200, { error: `${id} is not in force` }]);
});

test('an unknown id, an invalid one, and one that can not be undone have their reasons', async () => {
  const headers = { cookie: await session(), origin: agent.origin };
  assert.deepEqual((await undo('abcdef', headers)).body, { error: 'abcdef is not in force' });
  for (const id of ['', 'ABC', 'x', '1'.repeat(17), '..%2fstatus', '%61bcdef'])
    assert.equal((await undo(id, headers)).status, 405, id);
  const id = left.ids[3] ?? '';
  assert.deepEqual(await undo(id, headers), {
    status: 200,
    body: { error: `pause container shop/web-1 (${id}) could not be undone: the runtime does not answer` },
  });
});
