// The pod of a request to the API server: which events are about one, and that no other pod of its name is taken for it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REQUEST_FIELDS, requestedPod } from '../../../host/agent/responses/requested-pod.ts';
import { text } from '../../../host/fields/value.ts';
import { RefusalError } from '../../../host/responses/action.ts';
import type { NamedPod } from '../../../host/responses/pods/pods.ts';
import { RequestedPods } from '../../../host/responses/pods/requested-pods.ts';

type Given = Partial<Record<keyof typeof REQUEST_FIELDS, string>>;

const EXEC: Given = {
  ...{
    verb: 'create',
    uri: '/api/v1/namespaces/shop/pods/web-1/exec?command=sh',
    resource: 'pods',
    subresource: 'exec',
  },
  ...{ namespace: 'shop', name: 'web-1', code: '101' },
  ...{ received: '2026-11-28T10:00:05.300000Z', staged: '2026-11-28T10:00:05.400000Z' },
};
const CREATE: Given = {
  ...{ ...EXEC, subresource: '', uri: '/api/v1/namespaces/shop/pods', code: '201' },
  ...{ kind: 'Pod', givenName: 'web-1', givenUid: 'u1' },
};

function fieldsOf(given: Given) {
  return Object.entries(given).map(([key, value]) => {
    return { key: REQUEST_FIELDS[key as keyof typeof REQUEST_FIELDS], value: text(value) };
  });
}

function refusal(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof RefusalError, String(error));
    return `${error.why}: ${error.message}`;
  }
}

const RECEIVED = Date.parse('2026-11-28T10:00:05.300Z');

test('a request that enters a pod is about that one, by whichever way', () => {
  const entered = { namespace: 'shop', name: 'web-1', uid: undefined, created: { from: -Infinity, to: RECEIVED } };
  for (const given of [
    EXEC,
    { ...EXEC, verb: 'get', subresource: 'portforward' },
    { ...EXEC, verb: 'patch', subresource: '', code: '200' },
    // This parameter means something for creations alone.
    { ...EXEC, uri: `${EXEC.uri}&dryRun=All` },
    // By the API server's proxy, with a port; the status is that of the pod's own server.
    { ...EXEC, verb: 'get', subresource: 'proxy', name: 'web-1:8080', code: '200' },
    { ...EXEC, verb: 'get', subresource: 'proxy', name: 'https:web-1:', code: '403', decision: 'allow' },
    // What fails later may have run something before.
    { ...EXEC, code: '500', decision: 'allow' },
    // A name in a body that the client wrote is none that the API server gave.
    { ...EXEC, kind: 'Pod', givenName: 'other', givenUid: 'x' },
    {
      ...{ ...EXEC, resource: 'nodes', subresource: 'proxy', namespace: '', name: 'node-1' },
      uri: '/api/v1/nodes/node-1/proxy/exec/shop/web-1/main?command=sh',
    },
  ]) {
    assert.deepEqual(requestedPod(fieldsOf(given)), entered, JSON.stringify(given));
  }
});

test('a pod that is created has the name and the uid that the API server gave it', () => {
  const created = { from: Date.parse('2026-11-28T10:00:05Z'), to: Date.parse('2026-11-28T10:00:05.4Z') };
  const pod = { namespace: 'shop', name: 'web-1', uid: 'u1', created };
  assert.deepEqual(requestedPod(fieldsOf(CREATE)), pod);
  assert.deepEqual(requestedPod(fieldsOf({ ...CREATE, name: '', givenName: 'web-x7k2p' })), {
    ...pod,
    name: 'web-x7k2p',
  });
  assert.deepEqual(requestedPod(fieldsOf({ ...CREATE, kind: '', givenName: '', givenUid: '' })), {
    ...pod,
    uid: undefined,
  });
  // By server-side apply, whose answers a policy need not send.
  const applied = { ...CREATE, verb: 'patch', kind: '', givenName: '', givenUid: '' };
  assert.deepEqual(requestedPod(fieldsOf(applied)), { ...pod, uid: undefined });
  assert.equal(requestedPod(fieldsOf({ ...applied, code: '200' })).created.to, RECEIVED);
});

test('no parameter makes a pod that is created look like a dry run', () => {
  for (const query of [
    '?dryRun=All',
    'dryRun=All;',
    'x;dryRun=All',
    'dryRun=All%',
    'dryRun=All%20',
    'DRYRUN=All',
    'a=dryRun=All',
  ]) {
    assert.equal(requestedPod(fieldsOf({ ...CREATE, uri: `${CREATE.uri}?${query}` })).uid, 'u1', query);
  }
});

test('who may do nothing has no pod acted on, and what is about no pod neither', () => {
  const cases: readonly (readonly [Given, RegExp])[] = [
    [{ ...EXEC, code: '403' }, /^no-target: the request was refused \(403\)/],
    [{ ...EXEC, code: '' }, /^incomplete: it is not known whether/],
    [{ ...EXEC, code: '[1]' }, /^incomplete: it is not known whether/],
    // An error that came before rights were looked at, as for a request that impersonates a group without a user.
    [{ ...EXEC, code: '500' }, /^no-target: the request was refused \(500\)/],
    [{ ...EXEC, code: '500', decision: 'forbid' }, /^no-target: the request was refused \(500\)/],
    [{ ...EXEC, code: '', decision: 'forbid' }, /^no-target: the request was refused \(forbid\)/],
    [{ ...EXEC, resource: 'deployments', subresource: '' }, /^no-target: the request is not about a pod/],
    [{ ...EXEC, group: 'metrics.k8s.io', subresource: '' }, /^no-target: the request is not about a pod/],
    [{ ...EXEC, resource: 'nodes', subresource: 'proxy', uri: '/api/v1/nodes/n/proxy/pods' }, /^no-target/],
    [{ ...CREATE, name: '', kind: 'Status' }, /^no-target: the event does not name a pod/],
    [{ ...EXEC, name: '..' }, /^no-target: the event does not name a pod/],
    [{ ...EXEC, namespace: 'a/b' }, /^no-target: the event does not name a pod/],
    [{ ...EXEC, received: '' }, /^incomplete: the event does not say when/],
    [{ ...CREATE, uri: `${CREATE.uri}?fieldManager=x&dry%52un=All` }, /^no-target: a dry run creates no pod/],
    [{ ...CREATE, verb: 'patch', uri: `${CREATE.uri}/web-1?dryRun=All` }, /^no-target: a dry run creates no pod/],
    [{ ...EXEC, subresource: 'proxy', code: '403', decision: 'forbid' }, /^no-target: the request was refused \(403\)/],
    [{ ...EXEC, subresource: 'proxy', code: '403' }, /^no-target: the request was refused \(403\)/],
    [{ ...EXEC, name: 'web-1:8080' }, /^no-target: the event does not name a pod/],
    [{}, /^incomplete/],
  ];
  for (const [given, expected] of cases) {
    assert.match(refusal(() => requestedPod(fieldsOf(given))) ?? 'none', expected, JSON.stringify(given));
  }
});

const LABELS = new Map([['app', 'web']]);

/** What is found where the API server has that pod by the name. */
async function found(pod: NamedPod | undefined, given: Given): Promise<unknown> {
  const pods = new RequestedPods({ named: async () => pod });
  return await pods.find(requestedPod(fieldsOf(given))).catch((error) => {
    assert.ok(error instanceof RefusalError, String(error));
    return error.why;
  });
}

test('a pod is found by its name, and another one that has the name since is not taken for it', async () => {
  const at = (created: string | undefined, uid = 'u1'): NamedPod => ({
    ...{ namespace: 'shop', name: 'web-1', uid, labels: LABELS },
    created: created === undefined ? undefined : Date.parse(`2026-11-28T10:00:${created}Z`),
  });
  const pod = { namespace: 'shop', name: 'web-1', uid: 'u1', labels: LABELS };
  assert.deepEqual(await found(at('05'), EXEC), pod);
  assert.equal(await found(at('06'), EXEC), 'gone');
  assert.equal(await found(undefined, EXEC), 'gone');
  assert.equal(await found(at(undefined), EXEC), 'incomplete');
  // Created with a uid in the answer: that one alone, whatever the times say.
  assert.deepEqual(await found(at(undefined), CREATE), pod);
  assert.equal(await found(at('05', 'u2'), CREATE), 'gone');
  // And without: the one of that second.
  const bare: Given = { ...CREATE, givenUid: '' };
  assert.deepEqual(await found(at('05'), bare), pod);
  assert.equal(await found(at('04'), bare), 'gone');
});

test('a flood of alerts asks the API server no more than it can bear', async () => {
  let asked = 0;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const named = () => {
    asked++;
    return promise;
  };
  const pods = new RequestedPods({ named });
  const outcomes = Array.from({ length: 1_200 }, () =>
    pods.find(requestedPod(fieldsOf(EXEC))).catch((error) => error.why),
  );
  await Promise.all(outcomes.slice(1_000));
  assert.equal(asked, 8);
  resolve(undefined);
  const counts = Map.groupBy(await Promise.all(outcomes), (why) => String(why));
  assert.deepEqual(
    [...counts].map(([why, each]) => [why, each.length]),
    [
      ['gone', 1_000],
      ['limit', 200],
    ],
  );
});

test('without an API server nothing can be found', async () => {
  await assert.rejects(new RequestedPods(undefined).find(requestedPod(fieldsOf(EXEC))), /knows no API server/);
});
