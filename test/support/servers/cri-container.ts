// A container and its pod as a runtime reports them by CRI, and what an agent makes of the answers.

import type { ContainerMetadata } from '../../../host/metadata/container-metadata.ts';
import { CriRuntimes } from '../../../host/metadata/cri/runtimes.ts';
import { ContainerDirectory } from '../../../host/metadata/directory/container-directory.ts';
import { containerFields } from '../records/container-fields.ts';
import { ID, UID } from './cluster-pods.ts';
import { type CriAnswers, notFound, startCriRuntime } from './cri-runtime.ts';

export const SANDBOX = '77aa5b0c9d2e'.padEnd(64, '0');
export const CGROUP = `/kubepods/burstable/pod${UID}/${ID}`;
export const DIGEST = `sha256:${'ab'.repeat(32)}`;
export const NOTICE = { address: 0, id: ID.slice(0, 12), fullId: ID, type: '', cgroup: CGROUP, pid: 1 };

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

export const STATUS = {
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

export const ANSWERS: CriAnswers = {
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
export async function ask(sockets: readonly string[], notice = NOTICE) {
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

/** What is known of the container from a runtime with these answers. */
export async function find(
  answers: CriAnswers,
  id = ID,
  milliseconds = 10_000,
): Promise<ContainerMetadata | undefined> {
  await using server = await startCriRuntime(answers);
  const runtimes = new CriRuntimes([server.socket], { failed: () => {}, working: () => {} });
  try {
    return await runtimes.find(id, performance.now() + milliseconds);
  } finally {
    runtimes.close();
  }
}
