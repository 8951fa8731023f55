// Containers: their id from the cgroup path of every runtime, and their entry in the table.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONTAINER, CONTAINER_STATE } from '../../../host/schema/container.ts';
import { encodeStruct } from '../../../host/schema/encode-struct.ts';
import { BuilderCapture, SMALL } from '../../support/records/builder-capture.ts';
import { text } from '../../support/records/records.ts';
import { testAddon } from '../../support/records/test-addon.ts';

const ID = '0123456789abcdef'.repeat(4);
const INNER = 'fedcba9876543210'.repeat(4);
const POD = 'pod1d2ed62f-1b86-4d28-b111-b21b3a3b5c9f';
const POD_SLICE = `kubepods-burstable-${POD.replaceAll('-', '_')}.slice`;

/** Path, type and full id; none for host processes. */
const CASES: readonly [string, (readonly [string, string])?][] = [
  ['/'],
  [''],
  ['relative'],
  ['/user.slice/user-1000.slice/session-3.scope'],
  ['/system.slice/docker.service'],
  ['/system.slice/containerd.service'],
  ['/docker'],
  ['/docker/buildx'],
  [`/docker/${ID}`, ['docker', ID]],
  [`/docker/${ID.slice(1)}`],
  [`/docker/${ID.toUpperCase()}`],
  [`/docker/${ID}/system.slice/ssh.service`, ['docker', ID]],
  [`/system.slice/docker-${ID}.scope`, ['docker', ID]],
  [`/system.slice/docker-${ID}.scope/init.scope`, ['docker', ID]],
  [`/system.slice:docker:${ID}`, ['docker', ID]],
  [`/moby/${ID}`, ['docker', ID]],
  [`/actions_job/${ID}`, ['docker', ID]],
  [`/docker/${ID}/docker/${INNER}`, ['docker', INNER]],
  [`/docker/${ID}/kubelet/kubepods/besteffort/${POD}/${INNER}`, ['', INNER]],
  [`/kubepods/besteffort/${POD}/${ID}`, ['', ID]],
  [`/kubepods/${POD}/${ID}`, ['', ID]],
  [`/kubepods/burstable/${POD}`],
  [`/kubepods.slice/kubepods-burstable.slice/${POD_SLICE}`],
  [`/kubepods.slice/kubepods-burstable.slice/${POD_SLICE}/cri-containerd-${ID}.scope`, ['containerd', ID]],
  [`/kubepods.slice/kubepods-burstable.slice/${POD_SLICE}/crio-${ID}.scope`, ['cri-o', ID]],
  [`/kubepods.slice/kubepods-burstable.slice/${POD_SLICE}/crio-conmon-${ID}.scope`],
  [`/kubepods.slice/kubepods-burstable.slice/${POD_SLICE}/docker-${ID}.scope`, ['docker', ID]],
  [`/kubepods.slice/kubepods-burstable.slice/${POD_SLICE}/${ID}`, ['', ID]],
  [`/kubepods/burstable/${POD}/crio-${ID}`, ['cri-o', ID]],
  [`/system.slice/containerd.service/${POD_SLICE}:cri-containerd:${ID}`, ['containerd', ID]],
  [`/${POD_SLICE}:crio:${ID}`, ['cri-o', ID]],
  [`/k8s.io/${ID}`, ['containerd', ID]],
  ['/k8s.io/my-container', ['containerd', 'my-container']],
  ['/default/my-container', ['containerd', 'my-container']],
  ['/system.slice/default/thing'],
  [`/system.slice/nerdctl-${ID}.scope`, ['containerd', ID]],
  [`/machine.slice/libpod-${ID}.scope`, ['podman', ID]],
  [`/machine.slice/libpod-${ID}.scope/container`, ['podman', ID]],
  [`/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope`, ['podman', ID]],
  [`/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-conmon-${ID}.scope`],
  [`/machine.slice/libpod-conmon-${ID}.scope`],
  [`/libpod_parent/libpod-${ID}`, ['podman', ID]],
  [`/machine.slice:libpod:${ID}`, ['podman', ID]],
  ['/lxc/web', ['lxc', 'web']],
  ['/lxc/web/system.slice/ssh.service', ['lxc', 'web']],
  ['/lxc.payload/web', ['lxc', 'web']],
  ['/lxc.payload.web', ['lxc', 'web']],
  ['/lxc.payload.web/init.scope', ['lxc', 'web']],
  ['/lxc.monitor/web'],
  ['/lxc.monitor.web'],
  [
    '/ecs/0123456789abcdef0123456789abcdef/0123456789abcdef0123456789abcdef-1234567890',
    ['', '0123456789abcdef0123456789abcdef-1234567890'],
  ],
  [`/ecs/0123456789abcdef0123456789abcdef/${ID}`, ['', ID]],
  [`/${ID}`, ['', ID]],
  ['/system.slice/runc-web.scope', ['runc', 'web']],
  ['/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator'],
  ['/machine.slice/machine-lxc\\x2d1\\x2dweb.scope', ['libvirt_lxc', 'lxc\\x2d1\\x2dweb']],
  ['/machine.slice/machine-web.scope/payload/init.scope', ['systemd-nspawn', 'web']],
  ['/machine.slice/machine-web.scope/supervisor'],
  ['/machine.slice/systemd-nspawn@web.service/payload', ['systemd-nspawn', 'web']],
  ['/machine.slice/systemd-nspawn@web.service/supervisor'],
  ['//'],
  ['/docker//'],
  [`/docker-${ID}x.scope`],
  ['/docker-.scope'],
  ['/:::'],
  ['/ecs/'],
  ['/lxc/'],
];

for (const [cgroup, expected] of CASES) {
  test(`cgroup ${JSON.stringify(cgroup)}`, () => {
    const found = testAddon.containerIdOf(cgroup);
    assert.deepEqual(found && [found.type, found.fullId], expected);
    if (found) assert.equal(found.id, /^[0-9a-f]{64}$/.test(found.fullId) ? found.fullId.slice(0, 12) : found.fullId);
  });
}

test('the outermost container of a cgroup', () => {
  const { outermostContainerOf } = testAddon;
  for (const [cgroup, expected] of CASES)
    assert.equal(outermostContainerOf(cgroup) !== '', expected !== undefined, cgroup);
  for (const [within, outermost] of [
    [`/docker/${ID}/docker/${INNER}/x`, `/docker/${ID}`],
    [`/docker/${ID}/kubelet/kubepods/besteffort/${POD}/${INNER}`, `/docker/${ID}`],
    ['/machine.slice/systemd-nspawn@web.service/payload/lxc/web', '/machine.slice/systemd-nspawn@web.service'],
    [`//docker/${ID}/`, `//docker/${ID}`],
  ] as const) {
    assert.equal(outermostContainerOf(within), outermost);
  }
  // As deep as a path can be.
  assert.equal(outermostContainerOf('/a'.repeat(2047)), '');
});

test('a container is announced once, and is pending until its entry is set', () => {
  using builder = new BuilderCapture();
  const cgroup = `/docker/${ID}`;
  const process = builder.image('SNAPSHOT', { pid: 10, comm_bytes: 'a', cgroup });
  builder.image('SNAPSHOT', { pid: 11, comm_bytes: 'b', cgroup: `${cgroup}/child` });
  const container = builder.imageById(process).container;
  assert.equal(container?.number('state'), CONTAINER_STATE.PENDING);
  assert.deepEqual(
    (['id', 'full_id', 'type', 'name', 'image'] as const).map((member) => container && text(container, member)),
    [ID.slice(0, 12), ID, 'docker', undefined, undefined],
  );
  assert.equal(container?.number('privileged'), 255);
  const notices = builder.capture.takeContainers();
  assert.deepEqual(notices, [
    { address: container?.address, id: ID.slice(0, 12), fullId: ID, type: 'docker', cgroup, pid: 10 },
  ]);
  assert.deepEqual(builder.capture.takeContainers(), []);
});

test('an entry that grows moves, and the images follow; one that does not stays', () => {
  using builder = new BuilderCapture();
  const process = builder.image('SNAPSHOT', { pid: 10, comm_bytes: 'a', cgroup: `/docker/${ID}` });
  const forked = builder.image('FORK', { pid: 11, ppid: 10, parent: process, comm_bytes: 'a' });
  const address = builder.imageById(process).container?.address;
  const entry = (name: string, labels: string) =>
    encodeStruct(CONTAINER, { state: CONTAINER_STATE.KNOWN, id: ID.slice(0, 12), name, labels_text: labels });
  assert.equal(builder.capture.setContainer(ID, entry('web', '')), address);
  const moved = builder.capture.setContainer(ID.slice(0, 12), entry('web', 'x'.repeat(5000)));
  assert.notEqual(moved, address);
  for (const id of [process, forked]) {
    const container = builder.imageById(id).container;
    assert.equal(container?.address, moved);
    assert.equal(container && text(container, 'name'), 'web');
    assert.equal(container && text(container, 'labels_text')?.length, 5000);
  }
});

test('an entry whose bytes make no sense is refused, and the old one stays', () => {
  using builder = new BuilderCapture();
  const process = builder.image('SNAPSHOT', { pid: 10, comm_bytes: 'a', cgroup: `/docker/${ID}` });
  builder.poll();
  const entry = encodeStruct(CONTAINER, { state: CONTAINER_STATE.KNOWN, name: 'web' });
  const broken = (change: (view: DataView) => void) => {
    const copy = entry.slice();
    change(new DataView(copy.buffer));
    return copy;
  };
  for (const bytes of [
    entry.subarray(0, 100),
    broken((view) => view.setUint32(0, 8, true)),
    broken((view) => view.setUint32(44, 0xffffffff, true)),
    broken((view) => view.setUint32(40, 0xfffffff0, true)),
    new Uint8Array(1 << 20),
  ]) {
    assert.throws(() => builder.capture.setContainer(ID, bytes), { code: 'CAPTURE_CONTAINER' });
  }
  assert.equal(builder.capture.setContainer('nobody', entry), 0);
  assert.equal(builder.imageById(process).container?.number('state'), CONTAINER_STATE.PENDING);
});

test('a process that moves into a container has it from its next image on', () => {
  using builder = new BuilderCapture();
  const before = builder.image('SNAPSHOT', { pid: 10, comm_bytes: 'runc', cgroup: '/' });
  const after = builder.image('CHANGE', { pid: 10, previous: before, comm_bytes: 'runc', cgroup: `/docker/${ID}` });
  const child = builder.image('FORK', { pid: 11, parent: after, comm_bytes: 'sh' });
  const idOf = (id: bigint) => {
    const container = builder.imageById(id).container;
    return container && text(container, 'id');
  };
  assert.deepEqual([before, after, child].map(idOf), ['host', ID.slice(0, 12), ID.slice(0, 12)]);
});

test('a cgroup with the name of a container that has another one leaves a process where it was, and is counted', () => {
  using builder = new BuilderCapture();
  const idOf = (id: bigint) => {
    const container = builder.imageById(id).container;
    return container && text(container, 'id');
  };
  const container = builder.image('SNAPSHOT', { pid: 10, comm_bytes: 'web', cgroup: `/docker/${ID}` });
  const below = builder.image('SNAPSHOT', { pid: 11, comm_bytes: 'web', cgroup: `/docker/${ID}/child` });
  const inner = builder.image('SNAPSHOT', { pid: 12, comm_bytes: 'web', cgroup: `/docker/${ID}/docker/${INNER}` });
  assert.deepEqual(
    [container, below, inner].map(idOf),
    [ID, ID, INNER].map((id) => id.slice(0, 12)),
  );
  assert.equal(builder.capture.counters().imagesInForgedCgroups, 0);

  for (const cgroup of [`/user.slice/docker-${ID}.scope`, `/docker/${INNER}`, `/docker/docker/${ID}/child`]) {
    const host = builder.image('SNAPSHOT', { pid: 20, comm_bytes: 'sh', cgroup: '/user.slice' });
    const moved = builder.image('CHANGE', { pid: 20, previous: host, comm_bytes: 'sh', cgroup });
    const run = builder.image('EXEC', { pid: 20, previous: moved, comm_bytes: 'cat', cgroup });
    const child = builder.image('FORK', { pid: 21, parent: run, comm_bytes: 'cat' });
    assert.deepEqual([moved, run, child].map(idOf), ['host', 'host', 'host'], cgroup);
  }
  assert.equal(builder.capture.counters().imagesInForgedCgroups, 9);

  const other = builder.image('CHANGE', {
    pid: 12,
    previous: inner,
    comm_bytes: 'sh',
    cgroup: `/docker/${INNER}/docker/${ID}`,
  });
  assert.equal(idOf(other), INNER.slice(0, 12), 'in the container that it was in');
  const unknown = builder.image('SNAPSHOT', { pid: 30, comm_bytes: 'sh', cgroup: `/docker-${ID}.scope` });
  assert.equal(builder.imageById(unknown).container?.number('state'), CONTAINER_STATE.FAILED);
});

test('names of containers may come again in nested runtimes, and an id below itself', () => {
  using builder = new BuilderCapture();
  for (const below of ['', '/container', `/libpod-payload-${ID}`, '/container'])
    builder.image('SNAPSHOT', { pid: 9, comm_bytes: 'web', cgroup: `/machine.slice/libpod-${ID}.scope${below}` });
  builder.image('SNAPSHOT', { pid: 10, comm_bytes: 'web', cgroup: `/docker/${ID}/k8s.io/web` });
  builder.image('SNAPSHOT', { pid: 11, comm_bytes: 'web', cgroup: `/docker/${INNER}/k8s.io/web` });
  assert.equal(builder.capture.counters().imagesInForgedCgroups, 0);
});

test('a cgroup path whose beginning is cut off leaves a process in the container that it was in, or its parent', () => {
  using builder = new BuilderCapture();
  const deep = `//${'x'.repeat(100)}/docker-${INNER}.scope`;
  const idOf = (id: bigint) => {
    const container = builder.imageById(id).container;
    return container && text(container, 'id');
  };
  const first = builder.image('SNAPSHOT', { pid: 10, comm_bytes: 'sh', cgroup: `/docker/${ID}` });
  const moved = builder.image('CHANGE', { pid: 10, previous: first, comm_bytes: 'sh', cgroup: deep });
  const run = builder.image('EXEC', { pid: 10, previous: moved, comm_bytes: 'cat', cgroup: deep });
  const child = builder.image('FORK', { pid: 11, parent: run, comm_bytes: 'cat', cgroup: `/${deep}` });
  const grandchild = builder.image('FORK', { pid: 12, parent: child, comm_bytes: 'cat' });
  assert.deepEqual([moved, run, child, grandchild].map(idOf), Array(4).fill(ID.slice(0, 12)));
  const host = builder.image('SNAPSHOT', { pid: 20, comm_bytes: 'sh', cgroup: '/' });
  assert.equal(idOf(builder.image('EXEC', { pid: 20, previous: host, comm_bytes: 'sh', cgroup: deep })), 'host');
  const unknown = builder.image('SNAPSHOT', { pid: 30, comm_bytes: 'sh', cgroup: deep });
  assert.equal(builder.imageById(unknown).container?.number('state'), CONTAINER_STATE.FAILED);
});

test("the host's entry", () => {
  using builder = new BuilderCapture();
  const host = builder.imageById(builder.image('SNAPSHOT', { pid: 10, comm_bytes: 'a', cgroup: '/' })).container;
  assert.deepEqual(
    (['id', 'name', 'image_repository', 'image', 'image_tag'] as const).map((member) => host && text(host, member)),
    ['host', 'host', '', undefined, undefined],
  );
  assert.deepEqual([host?.number('state'), host?.number('privileged')], [CONTAINER_STATE.HOST, 0]);
});

test('who makes control groups by the names of many containers leaves room to others, and what is lost is counted', () => {
  using builder = new BuilderCapture({ ...SMALL, imageBudget: 16 << 20 });
  const shortIdOf = (id: bigint): string | undefined => {
    const { container } = builder.imageById(id);
    return container && text(container, 'id');
  };
  const hash = (number: number): string => number.toString(16).padStart(64, '0');
  const start = (number: number, cgroup: string, owner = 0): bigint => {
    const id = builder.image('SNAPSHOT', {
      pid: 100 + number,
      comm_bytes: 'sh',
      cgroup,
      owner,
      cgroup_id: BigInt(number),
    });
    builder.poll();
    return id;
  };
  // A user with a subtree of its own, and root in a container that may write to its control groups.
  for (let number = 0; number < 1500; number++)
    start(number, `/user.slice/user@1000.service/docker-${hash(number)}.scope`, 1000);
  for (let number = 1500; number < 3000; number++) start(number, `/docker/${ID}/docker/${hash(number)}`);
  const lost = builder.capture.counters().containersLost;
  assert.ok(lost > 900, `${lost} lost`);
  for (let number = 3000; number < 3020; number++) {
    const id = start(number, `/kubepods/besteffort/${POD}/${hash(number)}`);
    assert.equal(shortIdOf(id), hash(number).slice(0, 12));
  }
  assert.equal(builder.capture.counters().containersLost, lost);
});
