// wasprey console --pod: what is reported where there is no kubeconfig, no such pod, no right, or no cluster. test/cluster/deploy.test.ts has the page itself.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { directoryForTests } from '../../support/directory.ts';
import { startWasprey } from '../../support/live/run-process.ts';
import { ApiServer } from '../../support/servers/api-server.ts';

const folder = directoryForTests();
let api: ApiServer;
before(async () => {
  api = await ApiServer.start();
});
after(() => api[Symbol.asyncDispose]());

const POD = '/api/v1/namespaces/security/pods/agent';

function putPod(phase: string): void {
  const metadata = { name: 'agent', namespace: 'security', uid: '1' };
  const containers = [
    { name: 'proxy' },
    { name: 'wasprey', args: ['run', '--config=/etc/wasprey/config/wasprey.yaml'] },
  ];
  api.objects.set(POD, { metadata, spec: { containers }, status: { phase } });
}

/** What the command reports when it fails. */
async function failure(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<string> {
  const run = startWasprey(['console', ...words], { environment: { KUBECONFIG: api.kubeconfig, ...environment } });
  const status = await run.ended;
  assert.equal(run.stdout(), '');
  return `${status} ${run.stderr()}`;
}

const AGENT = ['--pod', 'security/agent'];

test('without a kubeconfig, and with one that can not be used', async () => {
  const none = await failure(AGENT, { KUBECONFIG: '', HOME: folder });
  assert.match(none, new RegExp(`^1 .*there is no kubeconfig: ${folder}/\\.kube/config\\n.*KUBECONFIG`, 's'));
  const broken = join(folder, 'broken');
  writeFileSync(broken, 'clusters: [');
  assert.match(await failure(AGENT, { KUBECONFIG: broken }), /^1 .*kubeconfig .*broken can't be used: /s);
  const empty = join(folder, 'empty');
  writeFileSync(empty, '{clusters: [], users: [], contexts: []}');
  assert.match(await failure(AGENT, { KUBECONFIG: empty }), /^1 .*empty has no current cluster\n/s);
});

test('without that pod, and while it does not run', async () => {
  api.objects.clear();
  assert.match(await failure(AGENT), /^1 .*there is no pod security\/agent\n.*kubectl get pods/s);
  assert.match(await failure(['--pod', 'agent']), /^1 .*there is no pod default\/agent\n/s);
  putPod('Pending');
  assert.match(await failure(['--pod', 'agent', '-n', 'security']), /^1 .*pod security\/agent does not run: Pending/s);
});

test('without the rights, and with credentials that do not count', async () => {
  putPod('Running');
  const refusing = async (path: string, status: number): Promise<string> => {
    api.intercept = ({ pathname }, response) => {
      if (pathname !== path) return false;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end('{"kind":"Status","status":"Failure","message":"no"}');
      return true;
    };
    const said = await failure(AGENT);
    api.intercept = () => false;
    return said;
  };
  assert.match(await refusing(POD, 403), /^1 .*forbids you to read pods in namespace security\n.*get on pods/s);
  assert.match(await refusing(POD, 401), /^1 .*does not accept the credentials/s);
  assert.match(
    await refusing(`${POD}/exec`, 403),
    /^1 .*forbids you to exec into pods in namespace security\n.*pods\/exec/s,
  );
  const asked = api.requests.findLast(({ pathname }) => pathname === `${POD}/exec`);
  // With the configuration that the agent was started with, in its container.
  assert.deepEqual(asked?.searchParams.getAll('command'), [
    ...['wasprey', 'console', '--config', '/etc/wasprey/config/wasprey.yaml'],
  ]);
  assert.equal(asked?.searchParams.get('container'), 'wasprey');
});

test('a cluster that does not answer', async () => {
  const gone = await ApiServer.start();
  await gone.stop();
  const said = await failure(AGENT, { KUBECONFIG: gone.kubeconfig });
  assert.match(said, /^1 .*the request to the cluster failed \(read pods\): .*ECONNREFUSED/s);
  assert.doesNotMatch(said, /\n\s+at /);
});

test('words that name no pod are wrong arguments', async () => {
  for (const words of [
    ['--pod', 'a/b/c'],
    ['--pod', '../../nodes'],
    ['--pod', 'A'],
    ['--pod', ''],
    ['--pod', 'x/agent', '-n', 'y'],
    ['--pod', 'agent', '-n', 'a/b'],
    ['--pod', 'agent', '-c', 'wasprey.yaml'],
    ['-n', 'security'],
  ])
    assert.match(await failure(words), /^2 /, words.join(' '));
});
