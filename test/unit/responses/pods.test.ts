// Pods that are deleted and labelled: what the API server is asked, and each way in which that fails.

import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { MetadataError } from '../../../host/metadata/failure-log.ts';
import { Pods } from '../../../host/responses/pods/pods.ts';
import { ApiServer, reply } from '../../support/servers/api-server.ts';

const POD = { namespace: 'shop', name: 'web-1', uid: 'u1' };
const PATH = '/api/v1/namespaces/shop/pods/web-1';

interface Asked {
  readonly method: string | undefined;
  readonly path: string;
  readonly type: string | undefined;
  readonly body: unknown;
}

/** A server that answers everything with that status, and notes what it was asked. */
async function answering(status: number, body?: object): Promise<{ server: ApiServer; pods: Pods; asked: Asked[] }> {
  const server = await ApiServer.start();
  const asked: Asked[] = [];
  const note = async (request: IncomingMessage, path: string) => {
    const sent = await text(request);
    const { method, headers } = request;
    asked.push({ method, path, type: headers['content-type'], body: sent === '' ? undefined : JSON.parse(sent) });
  };
  server.intercept = (url, response, request) => {
    void note(request, url.pathname).then(() => reply(response, status, body));
    return true;
  };
  return { server, pods: new Pods({ node: 'n', kubeconfig: server.kubeconfig }), asked };
}

test('a pod is deleted by its uid', async () => {
  const { server, pods, asked } = await answering(200);
  await using _ = server;
  assert.equal(await pods.delete(POD), true);
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: 'u1' } };
  assert.deepEqual(asked, [{ method: 'DELETE', path: PATH, type: 'application/json', body }]);
});

test('labels are set and removed on the pod with that uid alone', async () => {
  const { server, pods, asked } = await answering(200);
  await using _ = server;
  const changes = new Map([
    ['quarantine', 'true'],
    ['app', undefined],
  ]);
  assert.equal(await pods.setLabels(POD, changes), true);
  const body = { metadata: { uid: 'u1', labels: { quarantine: 'true', app: null } } };
  assert.deepEqual(asked, [{ method: 'PATCH', path: PATH, type: 'application/merge-patch+json', body }]);
});

test('a pod as it is; another one of that name is not taken for it', async () => {
  const { server, pods } = await answering(200, { metadata: { uid: 'u1', labels: { app: 'web' } } });
  await using _ = server;
  assert.deepEqual(await pods.find(POD), { labels: new Map([['app', 'web']]), isEnding: false });
  assert.equal(await pods.find({ ...POD, uid: 'u2' }), undefined);
});

test('a pod that is gone, or another one by now', async () => {
  for (const status of [404, 409]) {
    const { server, pods } = await answering(status);
    await using _ = server;
    assert.equal(await pods.delete(POD), false);
    assert.equal(await pods.setLabels(POD, new Map([['a', 'b']])), false);
  }
});

test('an object with another uid is what the API server calls an invalid change', async () => {
  const causes = [{ field: 'metadata.uid' }];
  for (const [details, expected] of [
    [{ causes }, false],
    [{ causes: [...causes, { field: 'metadata.labels' }] }, undefined],
    [{}, undefined],
  ] as const) {
    const { server, pods } = await answering(422, { kind: 'Status', message: 'invalid', details });
    await using _ = server;
    const change = pods.setLabels(POD, new Map([['a', 'b']]));
    if (expected === undefined) await assert.rejects(change, MetadataError);
    else assert.equal(await change, expected);
  }
});

test('a refusal has the reason of the API server', async () => {
  const message = 'pods "web-1" is forbidden: User "wasprey" cannot delete resource "pods"';
  const { server, pods } = await answering(403, { kind: 'Status', message });
  await using _ = server;
  const calls = [() => pods.delete(POD), () => pods.setLabels(POD, new Map([['a', 'b']])), () => pods.find(POD)];
  for (const call of calls) {
    await assert.rejects(call, (error: unknown) => {
      assert.ok(error instanceof MetadataError);
      assert.equal(error.kind, 'denied');
      assert.equal(error.message, message);
      return true;
    });
  }
});

test('a server that is down; it is asked again later', async () => {
  const { server, pods } = await answering(200);
  await using _ = server;
  const { port } = server;
  await server.stop();
  await assert.rejects(pods.delete(POD), ({ kind }: MetadataError) => kind === 'unreachable');
  await server.listen(port);
  assert.equal(await pods.delete(POD), true);
});
