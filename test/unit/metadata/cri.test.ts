// Container runtimes that speak CRI: how they are found, and what they report about containers and their pods.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { ContainerMetadata } from '../../../host/metadata/container-metadata.ts';
import { CriRuntimes } from '../../../host/metadata/cri/runtimes.ts';
import { usualSockets } from '../../../host/metadata/cri/sockets.ts';
import { podUidOfCgroup } from '../../../host/metadata/pod-labels.ts';
import { ID, UID } from '../../support/servers/cluster-pods.ts';
import { ANSWERS, ask, CGROUP, DIGEST, find, NOTICE, SANDBOX, STATUS } from '../../support/servers/cri-container.ts';
import { type CriAnswers, notFound, startCriRuntime } from '../../support/servers/cri-runtime.ts';

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

  it('a socket whose CRI is turned off is not a runtime', async () => {
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
