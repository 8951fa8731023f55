// Container runtimes that answer wrongly by CRI, or not at all: what is still known of their containers, and how the failure is counted and reported.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { status as Status } from '@grpc/grpc-js';
import { ContainerDirectory } from '../../../host/metadata/directory/container-directory.ts';
import { type FailureCount, MetadataError } from '../../../host/metadata/failure-log.ts';
import { containerFields } from '../../support/records/container-fields.ts';
import { ID } from '../../support/servers/cluster-pods.ts';
import { ANSWERS, ask, find, NOTICE, SANDBOX, STATUS } from '../../support/servers/cri-container.ts';
import { type CriAnswers, CriRefusal, notFound, startCriRuntime } from '../../support/servers/cri-runtime.ts';
import { until } from '../../support/until.ts';

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
    await until(() => answered >= 6);
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
    await until(() => entries.length > 0);
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

  it('what is given up at the end is not reported as trouble', async () => {
    await using server = await startCriRuntime({ ...ANSWERS, ContainerStatus: () => undefined });
    const lines: string[] = [];
    const places = { criSockets: [server.socket], dockerSocket: '', podmanSocket: '', runcRoots: [] };
    const directory = new ContainerDirectory(() => {}, { places, onTrouble: (line) => lines.push(line) });
    directory.start();
    directory.ask(NOTICE);
    await until(() => server.calls.get('ContainerStatus') !== undefined);
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

  it('a container that it does not know is not a failure', async () => {
    await using server = await startCriRuntime({ ...ANSWERS, ContainerStatus: notFound, PodSandboxStatus: notFound });
    const { state, failures } = await ask([server.socket], { ...NOTICE, type: 'containerd', cgroup: '/x' });
    assert.deepEqual([state?.state === 'failed' && state.failure, failures], ['not-known', []]);
  });
});
