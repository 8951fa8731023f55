// Rails and limits: what is refused from the match alone, and how often it is acted.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RefusalError, type Target } from '../../../host/responses/action.ts';
import { overLimit, recentActs } from '../../../host/responses/limits.ts';
import { checkTarget, type ProcessFacts, processProtection } from '../../../host/responses/rails.ts';
import type { ActionKind, NeverSettings } from '../../../host/responses/settings.ts';

const OWN = { pid: 500, container: 'own-container', podUid: 'own-pod' };
const NEVER: NeverSettings = {
  namespaces: ['kube-system'],
  labels: new Map([['wasprey.io/responses', 'off']]),
  executables: ['backup', '/opt/db/server'],
};
const POD = { namespace: 'shop', name: 'web-0', uid: 'pod-1', labels: new Map<string, string>() };

function target(given: Partial<Target> = {}): Target {
  return {
    pid: 4711,
    execTime: 1n,
    executable: '/tmp/x',
    container: 'c1',
    containerName: 'web',
    labels: new Map(),
    pod: POD,
    isIncomplete: false,
    ...given,
  };
}

/** Why it is refused; undefined: it is not. */
function refusal(action: ActionKind, given: Partial<Target>, hosts = true): string | undefined {
  try {
    checkTarget(action, target(given), { never: NEVER, hosts }, OWN);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof RefusalError);
    return error.why;
  }
}

const ON_HOST = { container: '', pod: undefined };

describe('what is known from the match', () => {
  const cases: readonly (readonly [string, ActionKind, Partial<Target>, string | undefined])[] = [
    ['a process of a container', 'kill_process', {}, undefined],
    ['its container', 'pause_container', {}, undefined],
    ['a process of the host', 'kill_process', ON_HOST, undefined],
    ['process 1 of the machine', 'kill_process', { ...ON_HOST, pid: 1 }, 'protected'],
    ['the first process of a container, seen as 1 from nowhere', 'kill_process', { pid: 1 }, undefined],
    ['the agent', 'kill_process', { ...ON_HOST, pid: OWN.pid }, 'protected'],
    ["the agent's container", 'kill_container', { container: OWN.container }, 'protected'],
    ["another container of the agent's pod", 'kill_process', { pod: { ...POD, uid: OWN.podUid } }, 'protected'],
    ['the kubelet', 'kill_process', { ...ON_HOST, executable: '/usr/bin/kubelet' }, 'protected'],
    ['containerd, replaced', 'kill_process', { ...ON_HOST, executable: '/usr/bin/containerd (deleted)' }, 'protected'],
    ['a program of a container that is called so', 'kill_process', { executable: '/tmp/kubelet' }, undefined],
    ['an executable by its name', 'kill_process', { ...ON_HOST, executable: '/usr/sbin/backup' }, 'protected'],
    ['an executable by its path', 'kill_process', { ...ON_HOST, executable: '/opt/db/server' }, 'protected'],
    ['a program of a container that has its path', 'kill_process', { executable: '/opt/db/server' }, undefined],
    ['the same name elsewhere', 'kill_process', { ...ON_HOST, executable: '/tmp/server' }, undefined],
    ['a namespace', 'pause_container', { pod: { ...POD, namespace: 'kube-system' } }, 'protected'],
    [
      'a label of the pod',
      'kill_process',
      { pod: { ...POD, labels: new Map([['wasprey.io/responses', 'off']]) } },
      'protected',
    ],
    ['a label of the container', 'kill_process', { labels: new Map([['wasprey.io/responses', 'off']]) }, 'protected'],
    ['another value of it', 'kill_process', { labels: new Map([['wasprey.io/responses', 'on']]) }, undefined],
    ['a container of which nothing is known', 'kill_process', { pod: undefined, isIncomplete: true }, 'incomplete'],
    ['the container of a process of the host', 'pause_container', ON_HOST, 'no-target'],
    ['the pod of a container in none', 'delete_pod', { pod: undefined }, 'no-target'],
  ];
  for (const [name, action, given, why] of cases) {
    test(`${name}: ${why ?? 'acted on'}`, () => assert.equal(refusal(action, given), why));
  }
  test('a process of the host, where hosts is off', () => {
    assert.equal(refusal('kill_process', ON_HOST, false), 'host');
    assert.equal(refusal('kill_process', {}, false), undefined);
  });
});

describe('what /proc says of a process', () => {
  const facts: ProcessFacts = {
    pid: 4711,
    isKernelThread: false,
    executable: '/usr/bin/containerd',
    isInContainer: false,
    isPrivileged: true,
  };
  const protection = (given: Partial<ProcessFacts>) => processProtection({ ...facts, ...given }, NEVER, OWN);
  test('a runtime, on the host or with the privileges of one', () => {
    assert.match(protection({}) ?? '', /runs containers/);
    assert.match(protection({ isInContainer: true }) ?? '', /runs containers/);
    assert.equal(protection({ isInContainer: true, isPrivileged: false }), undefined);
  });
  test('a copy that a runtime has made of itself in memory', () => {
    const executable = '/memfd:runc_cloned:/proc/self/exe (deleted)';
    assert.match(protection({ executable, isInContainer: true }) ?? '', /runs containers/);
    assert.equal(protection({ executable, isInContainer: true, isPrivileged: false }), undefined);
    assert.equal(protection({ executable: '/memfd:exe (deleted)' }), undefined);
  });
  test('a thread of the kernel, process 1, the agent', () => {
    assert.match(protection({ isKernelThread: true, executable: '' }) ?? '', /thread of the kernel/);
    assert.match(protection({ pid: 1, executable: '/sbin/init' }) ?? '', /process 1/);
    assert.match(protection({ pid: OWN.pid, executable: '/usr/bin/node' }) ?? '', /the agent/);
  });
});

describe('limits', () => {
  const limits = { perContainer: { count: 2, milliseconds: 1000 }, perNode: { count: 3, milliseconds: 5000 } };
  const act = (time: number, container: string) => ({ time, container });
  test('of a container, and of the node', () => {
    const acts = [act(0, 'a'), act(500, 'a')];
    assert.equal(overLimit(limits, acts, 'a', 999), '2 actions in 1 s on the container');
    assert.equal(overLimit(limits, acts, 'b', 999), undefined);
    assert.equal(overLimit(limits, acts, 'a', 1000), undefined);
    assert.equal(overLimit(limits, [...acts, act(600, 'b')], 'c', 1000), '3 actions in 5 s on the node');
    assert.equal(overLimit(limits, [...acts, act(600, 'b')], 'c', 5000), undefined);
  });
  test('what can count no more is forgotten', () => {
    assert.deepEqual(recentActs(limits, [act(0, 'a'), act(1, 'a')], 5000), [act(1, 'a')]);
  });
  test('none at all', () => {
    const none = { perContainer: { count: 0, milliseconds: 1000 }, perNode: { count: 9, milliseconds: 1000 } };
    assert.equal(overLimit(none, [], '', 0), '0 actions in 1 s on the host');
  });
});
