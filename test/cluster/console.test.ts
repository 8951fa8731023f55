// wasprey console --pod: the page of an agent in the cluster, by a user's kubeconfig, from a machine outside.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { BoardMessage, OpenedSession, ShownStatus } from '../../host/daemon/console/messages.ts';
import { SHELL_IMAGE } from '../support/cluster/cluster.ts';
import { AgentCluster, eventually, NAMESPACE } from '../support/cluster/cluster-agent.ts';
import { ClusterApi } from '../support/cluster/cluster-api.ts';
import { directoryForTests } from '../support/directory.ts';
import { type RunProcess, startWasprey } from '../support/live/run-process.ts';

const SHOP = 'shop';
const SECOND_MS = 1_000;
const folder = directoryForTests();
let agents: AgentCluster;
let api: ClusterApi;
/** Of the administrator, and of an account that may only list pods. */
const kubeconfig = { admin: join(folder, 'admin.conf'), account: join(folder, 'account.conf') };
before(async () => {
  agents = await AgentCluster.start();
  const { cluster } = agents;
  await agents.install({});
  api = await ClusterApi.open(cluster);
  const { place } = api;
  assert.ok('server' in place);
  const admin = readFileSync(cluster.kubeconfig, 'utf8').replace(/^(\s+server:) .*$/m, `$1 ${place.server}`);
  assert.ok(admin.includes(place.server));
  writeFileSync(kubeconfig.admin, admin);
  const [ca, token] = ['ca.crt', 'token'].map((name) => readFileSync(join(place.serviceAccount, name)));
  const account = {
    clusters: [{ name: 'c', cluster: { server: place.server, 'certificate-authority-data': ca?.toString('base64') } }],
    users: [{ name: 'u', user: { token: token?.toString() } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: NAMESPACE } }],
    'current-context': 'x',
  };
  writeFileSync(kubeconfig.account, JSON.stringify(account));
  await cluster.addNamespace(SHOP);
  await cluster.apply([
    {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'till', namespace: SHOP } },
      spec: { containers: [{ name: 'front', image: SHELL_IMAGE, command: ['sleep', '3600'] }] },
    },
  ]);
  await cluster.kubectl('-n', SHOP, 'wait', '--for=condition=Ready', 'pod/till', '--timeout=90s');
});
after(async () => {
  api?.close();
  await agents?.stop();
});

function consoleOf(pod: string, as: keyof typeof kubeconfig = 'admin'): RunProcess {
  return startWasprey(['console', '--pod', pod], { environment: { KUBECONFIG: kubeconfig[as] } });
}

async function failure(pod: string, as?: keyof typeof kubeconfig): Promise<string> {
  await using run = consoleOf(pod, as);
  return `${await run.ended} ${run.stderr()}`;
}

test('an agent whose page is off, a pod that is not an agent, one that is not there, and no right to it', async () => {
  const pod = await agents.readyPod();
  const off = await failure(`${NAMESPACE}/${pod}`);
  assert.match(off, /^1 .*can't be opened: .*no agent serves the page: .*\n.*falco\.console\.enabled/s);
  assert.match(await failure(`${SHOP}/till`), /^1 .*the page of shop\/till can't be opened: .*wasprey/s);
  assert.match(await failure(`${SHOP}/none`), /^1 .*there is no pod shop\/none/s);
  assert.match(
    await failure(pod, 'account'),
    new RegExp(`^1 .*forbids you to read pods in namespace ${NAMESPACE}`, 's'),
  );
});

interface Opened {
  readonly origin: string;
  /** Of the session. */
  readonly path: string;
  readonly cookie: string;
}

async function open(run: RunProcess): Promise<Opened> {
  const [address] = await run.says(/^http:\/\/127\.0\.0\.1:\d+\/#token=\S+$/m);
  const { origin, hash } = new URL(address);
  const response = await fetch(`${origin}/session`, { method: 'POST', body: hash.replace('#token=', '') });
  assert.equal(response.status, 200);
  const { path } = (await response.json()) as OpenedSession;
  return { origin, path, cookie: response.headers.get('set-cookie')?.split(';', 1)[0] ?? '' };
}

function statusWith(origin: string, headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    // fetch() would not send a host that it is given.
    const sent = request(origin, { headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', reject).end();
  });
}

/** Reads the stream to its end. @param onShown gets how long after its event an alert of the shop's pod has come, in ms, by the one clock that there is */
async function readDelays(stream: Response, onShown: (delay: number) => void): Promise<void> {
  const decoder = new TextDecoder();
  let [text, count]: [string, number] = ['', 0];
  let group: number | undefined;
  for await (const chunk of stream.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.startsWith('data:')) continue;
      const { added = [], changed = [] } = JSON.parse(line.slice('data:'.length) || '{}') as Partial<BoardMessage>;
      group ??= added.find(({ rule, pod }) => rule === 'Sensitive file read' && pod === 'till')?.id;
      const numbers = changed.find(({ id }) => id === group);
      if (!numbers || numbers.count === count) continue;
      count = numbers.count;
      onShown(Date.now() - numbers.last);
    }
  }
}

test("the page of an agent's pod is served at a port of this machine until Ctrl-C", async (t) => {
  const before = await agents.readyPod();
  await agents.install({ falco: { console: { enabled: true } } });
  const pod = await agents.readyPod(before);
  await using run = consoleOf(`${NAMESPACE}/${pod}`);
  const { origin, path, cookie } = await open(run);
  const { hostname } = new URL(origin);
  assert.equal(hostname, '127.0.0.1');
  const page = await (await fetch(origin)).text();
  assert.match(page, /<script[^>]* src="\/page\.js"/);
  const status = (await (await fetch(`${origin}${path}/status`, { headers: { cookie } })).json()) as ShownStatus;
  assert.ok(status.rules.length > 10);
  // Who may see it is checked as without the forwarded port.
  assert.equal((await fetch(`${origin}${path}/status`)).status, 401);
  assert.equal(await statusWith(origin, { host: 'attacker.example' }), 403);
  assert.equal(await statusWith(origin, { origin: 'https://attacker.example' }), 403);
  const stream = await fetch(`${origin}${path}/stream`, { headers: { cookie } });
  assert.equal(stream.status, 200);
  const delays: number[] = [];
  // It ends with the command that forwards the port.
  void readDelays(stream, (delay) => delays.push(delay)).catch(() => {});
  // Other work of the machine can make any of them late.
  while (delays.length < 8 && Math.min(...delays) >= SECOND_MS) {
    const before = delays.length;
    await agents.cluster.kubectl('-n', SHOP, 'exec', 'till', '--', 'cat', '/etc/shadow');
    await eventually('that what kubectl exec did is shown', async () => delays.length > before);
  }
  t.diagnostic(`shown ${delays.join(', ')} ms after the event`);
  assert.ok(Math.min(...delays) < SECOND_MS, `${delays} ms`);
  // Each call prints another address, at another port while this one is taken.
  await using other = consoleOf(`${NAMESPACE}/${pod}`);
  const second = await open(other);
  assert.notEqual(second.origin, origin);
  other.kill('SIGTERM');
  assert.equal(await other.ended, 0, other.stderr());
  run.kill('SIGINT');
  assert.equal(await run.ended, 0, run.stderr());
  await assert.rejects(fetch(origin));
});

test('a pod that ends leaves a message, and the command goes on until Ctrl-C', async () => {
  const pod = await agents.readyPod();
  await using run = consoleOf(`${NAMESPACE}/${pod}`);
  const { origin } = await open(run);
  await agents.kubectl('delete', 'pod', pod, '--wait=true', '--timeout=120s');
  await eventually('that the pod is gone', async () => {
    await fetch(origin).catch(() => {});
    return run.stderr().includes(`there is no pod ${NAMESPACE}/${pod}`);
  });
  run.kill('SIGINT');
  assert.equal(await run.ended, 0);
});
