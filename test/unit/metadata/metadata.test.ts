// What runtimes tell about containers: read, and written down for the sandbox.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { ContainerNotice } from '../../../host/capture/native.ts';
import { asNanoseconds } from '../../../host/diagnostics/json-value.ts';
import { ContainerDirectory } from '../../../host/metadata/directory/container-directory.ts';
import type { RuntimePlaces } from '../../../host/metadata/directory/runtime-places.ts';
import { fromImage, fromInspection } from '../../../host/metadata/docker.ts';
import { encodeContainer } from '../../../host/metadata/encode-container.ts';
import { parseImageName } from '../../../host/metadata/image-name.ts';
import { findRuncContainer, readRuncContainer } from '../../../host/metadata/runc.ts';
import { containerFields } from '../../support/records/container-fields.ts';
import { startDockerEngine } from '../../support/servers/docker-engine.ts';

const NOTICE: ContainerNotice = { address: 0, id: 'web', fullId: 'web', type: 'runc', cgroup: '/web', pid: 1 };

describe('metadata: names of images', () => {
  for (const [name, parts] of [
    ['nginx', { repository: 'nginx' }],
    ['nginx:1.27', { repository: 'nginx', tag: '1.27' }],
    ['registry.example:5000/shop/web', { repository: 'registry.example:5000/shop/web' }],
    ['registry.example:5000/shop/web:v1', { repository: 'registry.example:5000/shop/web', tag: 'v1' }],
    ['a/b@sha256:12', { repository: 'a/b', digest: 'sha256:12' }],
    ['a/b:v1@sha256:12', { repository: 'a/b', tag: 'v1', digest: 'sha256:12' }],
    ['', undefined],
    [`sha256:${'0'.repeat(64)}`, undefined],
    ['0'.repeat(64), undefined],
  ] as const) {
    it(name || 'none', () => assert.deepEqual(parseImageName(name), parts));
  }
});

it('times of RFC 3339 are read to the nanosecond', () => {
  assert.equal(asNanoseconds('2026-11-24T13:53:08.365763965Z'), 1795528388365763965n);
  assert.equal(asNanoseconds('2026-11-24T14:53:08.5+01:00'), 1795528388500000000n);
  for (const none of ['0001-01-01T00:00:00Z', '', 'yesterday', 7, null]) assert.equal(asNanoseconds(none), undefined);
});

it('an answer of any shape is read for what it has', () => {
  for (const answer of [null, 7, 'x', [], {}, { Config: 7, Mounts: {}, NetworkSettings: { Networks: null } }]) {
    const { labels, mounts, ...rest } = fromInspection(answer);
    assert.deepEqual({ labels: labels?.size, mounts, rest }, { labels: 0, mounts: [], rest: {} });
    assert.deepEqual(fromImage(answer), {});
  }
});

it('labels that an image has brought name no pod; those of the kubelet do, whatever the image has', () => {
  const Labels = { 'io.kubernetes.pod.name': 'web-0', team: 'x' };
  const image = { Config: { Labels } };
  const inspected = (more: object) => fromInspection({ Config: { Labels }, ...more }, image);
  assert.equal(inspected({}).pod, undefined);
  assert.deepEqual(inspected({}).imageLabels, new Map(Object.entries(Labels)));
  assert.equal(inspected({ HostConfig: { CgroupParent: '/kubepods/burstable/podu' } }).pod?.name, 'web-0');
  assert.equal(fromInspection({ Config: { Labels } }).pod?.name, 'web-0');
});

it('texts of any length fit into an entry', () => {
  const long = 'x'.repeat(100_000);
  const labels = new Map(Array.from({ length: 1000 }, (_, index) => [`key${index}`, 'v'.repeat(100)]));
  labels.set(long, long);
  const mount = { source: long, destination: 'a\0b', mode: '', writable: true, propagation: '' };
  const entry = encodeContainer(NOTICE, { name: long, image: long, labels, mounts: [mount, mount] });
  assert.ok(entry.length < 128 * 1024, `${entry.length} bytes`);
});

describe('metadata: runc', () => {
  const root = mkdtempSync(join(tmpdir(), 'wasprey-runc-'));
  const bundle = join(root, 'bundle');
  const state = { created: '2026-11-24T13:53:08Z', config: { labels: [`bundle=${bundle}`] } };
  mkdirSync(join(root, 'web'));
  mkdirSync(bundle);
  writeFileSync(join(root, 'web', 'state.json'), JSON.stringify(state));

  it('state and bundle are read', async () => {
    const config = {
      annotations: { 'org.opencontainers.image.ref.name': 'docker.io/library/nginx:1.27', team: 'shop' },
      process: { capabilities: { bounding: Array.from({ length: 41 }, (_, bit) => `CAP_${bit}`) } },
      linux: { resources: { devices: [{ allow: true, access: 'rwm' }] } },
      mounts: [
        { destination: '/proc', type: 'proc', source: 'proc' },
        { destination: '/data', type: 'bind', source: '/srv', options: ['rbind', 'ro', 'rprivate'] },
      ],
    };
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
    const metadata = await readRuncContainer('web', [join(root, 'none'), root]);
    const fields = ['container.name', 'container.image', 'container.image.repository', 'container.image.tag'];
    const more = ['container.privileged', 'container.mounts', 'container.label[team]', 'container.start_ts'];
    assert.deepEqual(
      containerFields(encodeContainer({ ...NOTICE, type: '' }, metadata), [
        ...fields,
        ...more,
        'container.id',
        'container.type',
      ]),
      [
        'web',
        'docker.io/library/nginx:1.27',
        'docker.io/library/nginx',
        '1.27',
        'true',
        '/srv:/data:ro,rprivate:false:rprivate',
        'shop',
        '1795528388000000000',
        'web',
        'runc',
      ],
    );
  });

  it('annotations of a bundle of Podman may be those of its image: they name no pod, and none is its own', async () => {
    const config = { annotations: { 'io.container.manager': 'libpod', 'io.kubernetes.pod.namespace': 'kube-system' } };
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
    const metadata = await readRuncContainer('web', [root]);
    assert.equal(metadata?.pod, undefined);
    assert.deepEqual(metadata?.imageLabels, metadata?.labels);
  });

  it("a bundle's owner can't stall the agent with a pipe in place of the file", async () => {
    rmSync(join(bundle, 'config.json'));
    execFileSync('mkfifo', [join(bundle, 'config.json')]);
    const metadata = await readRuncContainer('web', [root]);
    assert.deepEqual([metadata?.name, metadata?.privileged], ['web', undefined]);
  });

  it('the state of a container that is being made is waited for, of one that is gone it is not', async () => {
    mkdirSync(join(root, 'new'));
    const found = findRuncContainer('new', performance.now() + 10_000, [root]);
    await pause(20);
    writeFileSync(join(root, 'new', 'state.json'), JSON.stringify(state));
    assert.equal((await found)?.name, 'new');
    assert.equal(await findRuncContainer('gone', Number.POSITIVE_INFINITY, [root]), undefined);
    rmSync(join(root, 'new', 'state.json'));
    assert.equal(await findRuncContainer('new', performance.now() + 30, [root]), undefined);
  });

  it('an id that is not the name of a directory is not looked for', async () => {
    for (const id of ['..', '.', '../web', 'web/../web', ''])
      assert.equal(await readRuncContainer(id, [root]), undefined);
    rmSync(root, { recursive: true });
  });
});

it('the state of a container says why nothing is known of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-state-'));
  const nowhere = join(folder, 'none.sock');
  const ask = async (type: string, places: Partial<RuntimePlaces>) => {
    let directory: ContainerDirectory | undefined;
    await new Promise<void>((resolve) => {
      const none = { criSockets: [], dockerSocket: nowhere, podmanSocket: nowhere, runcRoots: [] };
      directory = new ContainerDirectory(() => resolve(), { places: { ...none, ...places } });
      assert.equal(directory.state('web'), undefined);
      directory.ask({ ...NOTICE, type });
      assert.deepEqual(directory.state('web'), { state: 'pending' });
    });
    const state = directory?.state('web');
    return state?.state === 'failed' ? state.failure : state?.state;
  };
  await using silent = await startDockerEngine({ '/containers/web/json': undefined });
  await using empty = await startDockerEngine({});
  await using other = await startDockerEngine({ '/containers/web/json': { Name: '/web' } });
  assert.equal(await ask('docker', {}), 'no-runtime');
  assert.equal(await ask('docker', { dockerSocket: empty.socket }), 'not-known');
  assert.equal(await ask('docker', { dockerSocket: silent.socket }), 'timed-out');
  assert.equal(await ask('', { podmanSocket: other.socket }), 'known');
  rmSync(folder, { recursive: true });
});

it('each container is answered, also when more come than can be asked about', async () => {
  const places = { criSockets: [], dockerSocket: '/nonexistent', podmanSocket: '/nonexistent', runcRoots: [] };
  const answered = new Set<string>();
  const count = 3000;
  await new Promise<void>((resolve) => {
    const directory = new ContainerDirectory(
      (id) => {
        answered.add(id);
        if (answered.size === count) resolve();
      },
      { places },
    );
    for (let index = 0; index < count; index++)
      directory.ask({ ...NOTICE, id: `c${index}`, fullId: `c${index}`, type: '' });
  });
  assert.equal(answered.size, count);
});
