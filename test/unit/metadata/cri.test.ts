// Container runtimes that speak CRI: what they tell, what they tell wrongly, and when they do not.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { status as Status } from '@grpc/grpc-js';
import type { ContainerMetadata } from '../../../host/metadata/container-metadata.ts';
import { CriRuntimes } from '../../../host/metadata/cri/runtimes.ts';
import { usualSockets } from '../../../host/metadata/cri/sockets.ts';
import { ContainerDirectory } from '../../../host/metadata/directory/container-directory.ts';
import { type FailureCount, MetadataError } from '../../../host/metadata/failure-log.ts';
import { podUidOfCgroup } from '../../../host/metadata/pod-labels.ts';
import { containerFields } from '../../support/records/container-fields.ts';
import { type CriAnswers, CriRefusal, notFound, startCriRuntime } from '../../support/servers/cri-runtime.ts';

const ID = '3f1a5b0c9d2e'.padEnd(64, '0');
const SANDBOX = '77aa5b0c9d2e'.padEnd(64, '0');
const UID = '0d7b5c2e-6f4c-4b4c-9a54-1f1f6d8f2b11';
const CGROUP = `/kubepods/burstable/pod${UID}/${ID}`;
const DIGEST = `sha256:${'ab'.repeat(32)}`;
const NOTICE = { address: 0, id: ID.slice(0, 12), fullId: ID, type: '', cgroup: CGROUP, pid: 1 };

const LABELS = {
  'io.kubernetes.container.name': 'web',
  'io.kubernetes.pod.name': 'web-0',
  'io.kubernetes.pod.namespace': 'shop',
  'io.kubernetes.pod.uid': UID,
};

const INFO = {
  sandboxID: SANDBOX,
  config: { linux: { security_context: { privileged: true } } },
  runtimeSpec: { process: { user: { uid: 1000, gid: 1000 }, env: ['PATH=/bin', 'TOKEN=secret=1'] } },
};

const STATUS = {
  id: ID,
  metadata: { name: 'web' },
  created_at: '1795528388365763965',
  started_at: '1795528388465763965',
  image: { image: 'registry.example:5000/shop/web:v1.2' },
  image_ref: DIGEST,
  labels: LABELS,
  mounts: [{ container_path: '/var/lib/data', host_path: '/data', propagation: 2 }],
};

const SANDBOX_STATUS = {
  id: SANDBOX,
  metadata: { name: 'web-0', uid: UID, namespace: 'shop' },
  created_at: '1795528387000000000',
  network: { ip: '10.244.0.7' },
  linux: { namespaces: { options: { network: 0, pid: 2, ipc: 0 } } },
  labels: { ...LABELS, app: 'shop', 'app.kubernetes.io/name': 'web' },
  annotations: { team: 'blue', huge: 'x'.repeat(5000) },
};

const CNI = {
  cniResult: { Interfaces: { lo: {}, veth12: {}, eth0: { IPConfigs: [{ IP: '10.244.0.7' }], Mac: 'aa' } } },
};

const ANSWERS: CriAnswers = {
  Version: () => ({ runtime_name: 'containerd', runtime_version: '1.7' }),
  ListContainers: () => ({ containers: [{ id: ID, pod_sandbox_id: SANDBOX }] }),
  ContainerStatus: ({ container_id }) =>
    container_id === ID ? { status: STATUS, info: { info: JSON.stringify(INFO) } } : notFound(),
  PodSandboxStatus: ({ pod_sandbox_id }) =>
    pod_sandbox_id === SANDBOX ? { status: SANDBOX_STATUS, info: { info: JSON.stringify(CNI) } } : notFound(),
  ImageStatus: () => ({
    image: { id: `sha256:${'cd'.repeat(32)}`, repo_tags: ['shop/web:v1.2'], repo_digests: [`shop/web@${DIGEST}`] },
  }),
};

/** What a directory that knows that socket alone says of the container, and what went wrong. */
async function ask(sockets: readonly string[], notice = NOTICE) {
  const lines: string[] = [];
  let answered: (entry: Uint8Array) => void = () => {};
  const answer = new Promise<Uint8Array>((resolve) => {
    answered = resolve;
  });
  const places = { criSockets: sockets, dockerSocket: '/nonexistent', podmanSocket: '/nonexistent', runcRoots: [] };
  const directory = new ContainerDirectory((_, entry) => answered(entry), {
    places,
    onTrouble: (line) => lines.push(line),
  });
  directory.ask(notice);
  const entry = await answer;
  const state = directory.state(notice.id);
  const { failures } = directory.counters;
  directory.close();
  return { fields: (...names: string[]) => containerFields(entry, names), state, failures, lines };
}

async function find(answers: CriAnswers, id = ID, milliseconds = 10_000): Promise<ContainerMetadata | undefined> {
  await using server = await startCriRuntime(answers);
  const runtimes = new CriRuntimes([server.socket], { failed: () => {}, working: () => {} });
  try {
    return await runtimes.find(id, performance.now() + milliseconds);
  } finally {
    runtimes.close();
  }
}

describe('metadata: CRI', () => {
  it("a container's fields, with those of its pod", async () => {
    await using server = await startCriRuntime(ANSWERS);
    const { fields, state, failures } = await ask(['/nonexistent', server.socket]);
    assert.deepEqual(state, { state: 'known' });
    assert.deepEqual(failures, []);
    assert.deepEqual(
      fields(
        'container.type',
        'container.name',
        'container.image',
        'container.image.repository',
        'container.image.tag',
        'container.image.digest',
        'container.image.id',
        'container.privileged',
        'container.user',
        'container.env_names',
        'container.start_ts',
        'container.mounts',
        'container.label[io.kubernetes.container.name]',
        'container.host_pid',
        'container.host_network',
        'container.cni.json',
        'container.ip',
      ),
      [
        'containerd',
        'web',
        'registry.example:5000/shop/web:v1.2',
        'registry.example:5000/shop/web',
        'v1.2',
        DIGEST,
        'cd'.repeat(32),
        'true',
        '1000',
        '(PATH,TOKEN)',
        '1795528388465763965',
        '/data:/var/lib/data::true:rshared',
        'web',
        'true',
        'false',
        '{"eth0":{"IPConfigs":[{"IP":"10.244.0.7"}]}}',
        '10.244.0.7',
      ],
    );
    assert.deepEqual(
      fields(
        'k8s.pod.name',
        'k8s.ns.name',
        'k8s.pod.uid',
        'k8s.pod.sandbox_id',
        'k8s.pod.ip',
        'k8s.pod.label[app]',
        'k8s.pod.labels',
        'k8smeta.pod.labels',
        'k8smeta.pod.annotation[team]',
        'k8smeta.pod.annotation[huge]',
        'k8smeta.ns.uid',
      ),
      [
        'web-0',
        'shop',
        UID,
        SANDBOX.slice(0, 12),
        '10.244.0.7',
        'shop',
        'app:shop, app.kubernetes.io/name:web',
        '(app:shop,app.kubernetes.io/name:web)',
        'blue',
        '<NA>',
        '<NA>',
      ],
    );
  });

  it('a runtime that speaks v1alpha2 alone', async () => {
    await using server = await startCriRuntime(ANSWERS, ['v1alpha2']);
    const { fields } = await ask([server.socket]);
    assert.deepEqual(fields('container.name', 'k8s.pod.name'), ['web', 'web-0']);
  });

  it('a socket whose CRI is turned off is no runtime', async () => {
    await using off = await startCriRuntime({}, []);
    await using server = await startCriRuntime(ANSWERS);
    const { fields, failures } = await ask([off.socket, server.socket]);
    assert.deepEqual([fields('container.name'), failures], [['web'], []]);
  });

  it('the sandbox is known by its own id', async () => {
    await using server = await startCriRuntime(ANSWERS);
    const { fields } = await ask([server.socket], { ...NOTICE, id: SANDBOX.slice(0, 12), fullId: SANDBOX });
    assert.deepEqual(fields('container.name', 'k8s.pod.name', 'k8s.pod.label[app]'), ['web-0', 'web-0', 'shop']);
  });

  it('a container of the kubelet that is not there yet is asked about again', async () => {
    let asked = 0;
    const later: CriAnswers = {
      ...ANSWERS,
      ContainerStatus: (request) => (++asked < 3 ? notFound() : ANSWERS.ContainerStatus?.(request)),
    };
    await using server = await startCriRuntime(later);
    const { fields } = await ask([server.socket]);
    assert.deepEqual(fields('container.name'), ['web']);
  });

  it('without the details of a verbose answer the list tells the sandbox', async () => {
    const brief: CriAnswers = { ...ANSWERS, ContainerStatus: () => ({ status: STATUS }) };
    const found = await find(brief);
    assert.deepEqual(
      [found?.pod?.ip, found?.privileged, found?.environmentNames],
      ['10.244.0.7', undefined, undefined],
    );
  });

  it('an image that was named by its id is shown by its name', async () => {
    const status = { ...STATUS, image: { image: `sha256:${'cd'.repeat(32)}` } };
    const byId: CriAnswers = { ...ANSWERS, ContainerStatus: () => ({ status }) };
    assert.equal((await find(byId))?.image, 'shop/web:v1.2');
  });

  it('all that run are found out about at the start, and asked about once', async () => {
    await using server = await startCriRuntime(ANSWERS);
    const runtimes = new CriRuntimes([server.socket], { failed: () => {}, working: () => {} });
    await runtimes.findRunning();
    assert.equal(server.calls.get('ContainerStatus'), 1);
    assert.equal((await runtimes.find(ID, performance.now() + 1000))?.name, 'web');
    assert.equal(server.calls.get('ContainerStatus'), 1);
    runtimes.close();
  });

  it('a runtime that was restarted is found again', async () => {
    const first = await startCriRuntime(ANSWERS);
    const runtimes = new CriRuntimes([first.socket], { failed: () => {}, working: () => {} });
    assert.equal((await runtimes.find(ID, performance.now() + 1000))?.name, 'web');
    first.stop();
    await using _ = await startCriRuntime(ANSWERS, ['v1'], first.socket);
    const deadline = Date.now() + 5000;
    let found: ContainerMetadata | undefined;
    while (!found && Date.now() < deadline) {
      found = await runtimes.find(ID, performance.now() + 1000).catch(() => undefined);
      await pause(50);
    }
    assert.equal(found?.name, 'web');
    runtimes.close();
    await first[Symbol.asyncDispose]();
  });
});

describe('metadata: a CRI runtime that answers wrongly', () => {
  const status = (changed: object) => ({ ...ANSWERS, ContainerStatus: () => ({ status: { ...STATUS, ...changed } }) });

  for (const [what, answers, kind] of [
    ['bytes that are no message', { ...ANSWERS, ContainerStatus: () => Buffer.from('0affffffff', 'hex') }, 'invalid'],
    // A group within a group, a hundred thousand times.
    ['a message without end', { ...ANSWERS, ContainerStatus: () => Buffer.alloc(100_000, 0x0b) }, 'invalid'],
    [
      'an answer of 9 MB',
      { ...ANSWERS, ContainerStatus: () => ({ status: { labels: { a: 'x'.repeat(9 << 20) } } }) },
      'invalid',
    ],
    ['an answer about another container', status({ id: SANDBOX }), 'invalid'],
    [
      'an error',
      {
        ...ANSWERS,
        ContainerStatus: () => {
          throw new CriRefusal(Status.UNKNOWN, 'went\nwrong');
        },
      },
      'error',
    ],
    [
      'a refusal',
      {
        ...ANSWERS,
        ContainerStatus: () => {
          throw new CriRefusal(Status.PERMISSION_DENIED);
        },
      },
      'denied',
    ],
    ['no answer', { ...ANSWERS, ContainerStatus: () => undefined }, 'timeout'],
    ['no greeting', { ...ANSWERS, Version: () => undefined }, 'timeout'],
  ] satisfies [string, CriAnswers, string][]) {
    it(`${what} is a failure of kind ${kind}`, async () => {
      const milliseconds = kind === 'timeout' ? 400 : 10_000;
      await assert.rejects(
        find(answers, ID, milliseconds),
        (error) => error instanceof MetadataError && error.kind === kind,
      );
    });
  }

  it('members of other kinds than they should be are not known', async () => {
    const info = JSON.stringify({ sandboxID: 7, config: [], runtimeSpec: { process: 'x' }, privileged: 'yes' });
    const found = await find({
      ...ANSWERS,
      ContainerStatus: () => ({ status: { id: ID }, info: { info } }),
      ListContainers: () => ({}),
    });
    assert.deepEqual(found, { labels: new Map(), mounts: [], runtime: 'containerd' });
  });

  it('an image or sandbox that fails does not cost the container', async () => {
    const fails = () => {
      throw new CriRefusal(Status.UNKNOWN);
    };
    const found = await find({ ...ANSWERS, ImageStatus: fails, PodSandboxStatus: fails });
    assert.deepEqual([found?.name, found?.pod?.name, found?.pod?.ip], ['web', 'web-0', undefined]);
  });

  it('labels past all measure are left out', async () => {
    const labels = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`key${index}`, 'v'.repeat(100)]));
    const found = await find(status({ labels: { __proto__: 'x', ...labels } }));
    const size = [...(found?.labels ?? [])].reduce((sum, [key, value]) => sum + key.length + value.length, 0);
    assert.ok(size > 1000 && size <= 16 * 1024, `${size}`);
  });
});

function counted({ source, kind, count }: FailureCount): Omit<FailureCount, 'reason' | 'lastMs' | 'isLasting'> {
  return { source, kind, count };
}

describe('metadata: failures of runtimes', () => {
  it('each is counted, one line is written, and the state says why', async () => {
    await using server = await startCriRuntime({ ...ANSWERS, ContainerStatus: () => undefined });
    const lines: string[] = [];
    let answered = 0;
    const places = {
      criSockets: [server.socket],
      dockerSocket: '/nonexistent',
      podmanSocket: '/nonexistent',
      runcRoots: [],
    };
    const directory = new ContainerDirectory(() => answered++, { places, onTrouble: (line) => lines.push(line) });
    for (let index = 0; index < 6; index++) directory.ask({ ...NOTICE, id: `c${index}`, fullId: `c${index}` });
    while (answered < 6) await pause(20);
    assert.deepEqual(directory.counters.failures.map(counted), [{ source: 'cri', kind: 'timeout', count: 6 }]);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /^No metadata from the container runtime \(CRI\): .*cri\.sock: /);
    const reason = 'the container runtime did not answer in time';
    assert.deepEqual(directory.state('c0'), { state: 'failed', failure: 'timed-out', reason });
    directory.close();
  });

  it('a container that a runtime could not be asked about is asked about again', async () => {
    const first = await startCriRuntime({ ...ANSWERS, ContainerStatus: () => undefined });
    const entries: Uint8Array[] = [];
    const places = { criSockets: [first.socket], dockerSocket: '', podmanSocket: '', runcRoots: [] };
    const directory = new ContainerDirectory((_, entry) => entries.push(entry), { places });
    directory.ask(NOTICE);
    while (entries.length === 0) await pause(20);
    assert.equal(directory.state(NOTICE.id)?.state, 'failed');
    first.stop();
    await using _ = await startCriRuntime(ANSWERS, ['v1'], first.socket);
    const deadline = Date.now() + 15_000;
    while (directory.state(NOTICE.id)?.state !== 'known' && Date.now() < deadline) await pause(20);
    assert.deepEqual(containerFields(entries.at(-1) ?? new Uint8Array(), ['container.name']), ['web']);
    assert.equal(entries.length, 2);
    assert.deepEqual([directory.counters.known, directory.counters.unknown], [1, 1]);
    directory.close();
    await first[Symbol.asyncDispose]();
  });

  it('what is given up at the end is no trouble', async () => {
    await using server = await startCriRuntime({ ...ANSWERS, ContainerStatus: () => undefined });
    const lines: string[] = [];
    const places = { criSockets: [server.socket], dockerSocket: '', podmanSocket: '', runcRoots: [] };
    const directory = new ContainerDirectory(() => {}, { places, onTrouble: (line) => lines.push(line) });
    directory.start();
    directory.ask(NOTICE);
    while (server.calls.get('ContainerStatus') === undefined) await pause(10);
    directory.close();
    directory.ask({ ...NOTICE, id: 'later', fullId: 'later' });
    await pause(200);
    assert.deepEqual(lines, []);
  });

  it('no socket at all', async () => {
    const { state, failures, lines } = await ask(['/nonexistent/a.sock']);
    assert.equal(state?.state === 'failed' && state.failure, 'no-runtime');
    assert.deepEqual(failures.map(counted), [{ source: 'cri', kind: 'unreachable', count: 1 }]);
    assert.match(lines[0] ?? '', /\/nonexistent\/a\.sock is missing/);
  });

  it('a container that it does not know is no failure', async () => {
    await using server = await startCriRuntime({ ...ANSWERS, ContainerStatus: notFound, PodSandboxStatus: notFound });
    const { state, failures } = await ask([server.socket], { ...NOTICE, type: 'containerd', cgroup: '/x' });
    assert.deepEqual([state?.state === 'failed' && state.failure, failures], ['not-known', []]);
  });
});

it("sockets are looked for below the host's root as well", () => {
  assert.ok(usualSockets('').includes('/run/containerd/containerd.sock'));
  const sockets = usualSockets('/host');
  assert.ok(sockets.indexOf('/host/run/crio/crio.sock') < sockets.indexOf('/run/crio/crio.sock'));
});

it('the cgroup path names the pod, with and without systemd', () => {
  const dashes = UID.replaceAll('-', '_');
  for (const path of [
    CGROUP,
    `/kubepods/pod${UID}/${ID}`,
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${dashes}.slice/cri-containerd-${ID}.scope`,
    `/system.slice/containerd.service/kubepods-besteffort-pod${dashes}.slice:cri-containerd:${ID}`,
  ]) {
    assert.equal(podUidOfCgroup(path), UID, path);
  }
  assert.equal(
    podUidOfCgroup('/kubepods/burstable/pod0123456789abcdef0123456789abcdef/x'),
    '0123456789abcdef0123456789abcdef',
  );
  for (const path of [`/pod${UID}/x`, '/kubepods/podx/y', '/']) assert.equal(podUidOfCgroup(path), undefined, path);
});
