// What is kept of audit events: enough for the same verdict, and little of what clients choose.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPodRequest } from '../../../host/sessions/pod-request.ts';
import { podRequestFacts } from '../../../host/sessions/pod-request-facts.ts';
import { execEvents } from '../../support/audit/exec-events.ts';

const MADE = { id: 'a', user: 'alice', words: ['sh', '-c', 'a b&c=d%'], container: 'web', received: 1_795_528_388_123 };

test('what is kept is read as the event is, and again', () => {
  for (const event of execEvents({ ...MADE, ended: 1_795_528_389_000 })) {
    const facts = podRequestFacts({
      ...event,
      user: { username: 'alice', uid: 'u', groups: ['a'], extra: { x: ['y'] } },
    });
    const { user } = readPodRequest(facts)?.request ?? assert.fail();
    assert.deepEqual(user, { name: 'alice', uid: 'u', groups: ['a'] });
    assert.deepEqual(readPodRequest(podRequestFacts(event)), readPodRequest(event));
  }
  const [event] = execEvents(MADE);
  const impersonating = { ...event, impersonatedUser: { username: 'root', groups: ['x'] } };
  assert.equal(readPodRequest(podRequestFacts(impersonating))?.request.user.impersonated, 'root');
});

test('what is kept says whether a request that failed was let through', () => {
  for (const decision of ['allow', 'none'] as const) {
    const [event] = execEvents({ ...MADE, status: 500, decision });
    assert.equal(readPodRequest(podRequestFacts(event))?.request.isRefused, decision === 'none');
  }
});

test('a command of any length takes bounded room, and is not known for sure then', () => {
  const [event] = execEvents({ ...MADE, words: ['x'.repeat(200_000)] });
  const facts = podRequestFacts({
    ...event,
    userAgent: 'u'.repeat(9_000),
    sourceIPs: [...Array.from({ length: 1_000 }, () => '203.0.113.9'), '203.0.113.10'],
  });
  assert.ok(JSON.stringify(facts).length < 4_000);
  const { command, container, pod, addresses } = readPodRequest(facts)?.request ?? assert.fail();
  assert.equal(addresses.at(-1), '203.0.113.10', 'the address that the client did not choose');
  assert.deepEqual([command, container, pod], [undefined, undefined, 'web-0']);
});

test('users whose names are cut are not mistaken for each other', () => {
  const nameOf = (user: string) => {
    const facts = podRequestFacts(execEvents({ ...MADE, user })[0]);
    assert.ok(JSON.stringify(facts).length < 4_000);
    return readPodRequest(facts)?.request.user.name ?? assert.fail();
  };
  const long = 'a'.repeat(2_000);
  assert.notEqual(nameOf(long), nameOf(`${long}b`));
  assert.ok(nameOf(long).startsWith('a'.repeat(1_000)));
});

test('a command that a process may show differently is not known for sure', () => {
  const [event] = execEvents(MADE);
  const commandOf = (query: string) =>
    readPodRequest({ ...event, requestURI: `/api/v1/namespaces/shop/pods/web-0/exec?${query}` })?.request.command;
  assert.notEqual(commandOf('command=%C3%A4'), undefined);
  for (const query of ['command=sh%00x', 'command=\ufffd', 'command=\u00e4', 'command=sh;x', 'command=%zz']) {
    assert.equal(commandOf(query), undefined, query);
  }
});

test('events of other requests are not kept', () => {
  for (const subresource of ['log', 'status', 'proxy']) {
    assert.equal(podRequestFacts(execEvents({ ...MADE, subresource })[0]), undefined);
  }
  for (const other of [undefined, null, 1, [], {}, { kind: 'Event' }]) assert.equal(podRequestFacts(other), undefined);
});

test("requests by the kubelet's own interface", () => {
  const [event] = execEvents(MADE);
  const objectRef = { resource: 'nodes', subresource: 'proxy', name: 'node1' };
  const read = (path: string) =>
    readPodRequest(podRequestFacts({ ...event, objectRef, requestURI: `/api/v1/nodes/node1/proxy/${path}` }))?.request;
  const asked = readPodRequest(event)?.request;
  const given = 'command=sh&command=-c&command=a+b%26c%3Dd%25';
  for (const path of [`exec/shop/web-0/web?${given}`, `exec/shop/web-0/uid/web?${given}`]) {
    const { entry, namespace, pod, container, command } = read(path) ?? assert.fail();
    assert.deepEqual([entry, namespace, pod, container], ['exec', 'shop', 'web-0', 'web']);
    assert.equal(command, asked?.command);
  }
  // As an API server reads a path before it sends it on.
  for (const path of ['%65xec/shop%2Fweb-0/web', './x/..//exec/shop/web-0/web', '../../exec/shop/web-0/web']) {
    assert.equal(read(`${path}?${given}`)?.command, asked?.command, path);
  }
  const long = read(`${'x/../'.repeat(9_000)}exec/shop/web-0/web?${given}`);
  assert.deepEqual([long?.pod, long?.container, long?.command], ['web-0', 'web', undefined]);
  const run = read('run/shop/web-0/web?cmd=sh+-c') ?? assert.fail();
  // A form in its body is read before its URI.
  assert.deepEqual([run.entry, run.container, run.command], ['exec', 'web', undefined]);
  assert.equal(read('attach/shop/web-0/web')?.entry, 'attach');
  assert.equal(read('portForward/shop/web-0')?.entry, 'portforward');
  assert.equal(read('metrics'), undefined);
});
