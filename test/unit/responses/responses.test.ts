// From a match to what is done about it: real addon, sandbox and compiler, with a responder that only notes what it is given.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import { loadAddon } from '../../../host/capture/addon.ts';
import { readResponseLog } from '../../../host/journal/response-log.ts';
import type { Outcome } from '../../../host/responses/action.ts';
import { directoryForTest } from '../../support/directory.ts';
import { moduleOf, process as processImage, shadowRead, startBuiltAgent } from '../../support/records/built-agent.ts';
import { inject } from '../../support/records/inject.ts';
import { NotingResponder, responseOf, responseSet } from '../../support/responses/response-sets.ts';
import { startDockerEngine } from '../../support/servers/docker-engine.ts';
import { until } from '../../support/until.ts';

const RULES = `
- rule: Shadow read
  desc: of the host and of containers
  condition: evt.type = openat and fd.name = /etc/shadow
  output: "read by %proc.name"
  priority: WARNING
  tags: [secrets]
`;

let module: RuleModule;
before(async () => {
  module = await moduleOf(RULES);
});

const CONTAINER = 'a'.repeat(64);
const inContainer = (image: number, name = 'test') =>
  processImage(image, { cgroup: `/docker/${CONTAINER}`, comm_bytes: name, executable: `/usr/bin/${name}` });

function dockerAnswer(image: string, labels: Record<string, string> = {}) {
  return { [`/containers/${CONTAINER}/json`]: { Name: '/web', Config: { Image: image, Labels: labels } } };
}

function responseFields(lines: readonly string[]): unknown[] {
  return lines.map((line) => JSON.parse(line).output_fields['wasprey.response']);
}

describe('an alert', () => {
  test('has what was done about it, to the process and the container that matched', async () => {
    const responder = new NotingResponder();
    await using docker = await startDockerEngine(
      dockerAnswer('shop/web', { 'wasprey.io/responses': 'off', other: 'x' }),
    );
    const never = { namespaces: [], labels: new Map([['wasprey.io/responses', 'off']]), executables: [] };
    await using built = await startBuiltAgent([module], {
      runtimes: { dockerSocket: docker.socket, podmanSocket: '/nonexistent', runcRoots: [] },
      responses: await responseSet([responseOf()], { never }),
      responder,
    });
    inject(built.agent, [inContainer(1)], [shadowRead(1)]);
    const [line] = await built.waitForLines(1);
    assert.match(line ?? '', /read by test .*wasprey\.response=freeze: pause_container of 1001 \(2\.0 ms\)$/);
    assert.deepEqual(responseFields(built.jsonLines()), ['freeze: pause_container of 1001 (2.0 ms)']);
    const [act] = responder.acts;
    const { execTime, labels, ...target } = act?.target ?? assert.fail();
    assert.deepEqual(target, {
      pid: 1001,
      executable: '/usr/bin/test',
      container: CONTAINER,
      containerName: 'web',
      pod: undefined,
      isIncomplete: false,
    });
    assert.deepEqual([...labels], [['wasprey.io/responses', 'off']]);
    assert.equal(typeof execTime, 'bigint');
  });

  test('has no label that the image of the container has brought', async () => {
    const responder = new NotingResponder();
    const labels = { 'wasprey.io/responses': 'off', team: 'x', 'io.kubernetes.pod.namespace': 'kube-system' };
    await using docker = await startDockerEngine({
      [`/containers/${CONTAINER}/json`]: { Image: 'i', Config: { Labels: { ...labels, team: 'own' } } },
      '/images/i/json': { Config: { Labels: labels } },
    });
    const keys = new Map([
      ['wasprey.io/responses', 'off'],
      ['team', 'own'],
    ]);
    await using built = await startBuiltAgent([module], {
      runtimes: { dockerSocket: docker.socket, podmanSocket: '/nonexistent', runcRoots: [] },
      responses: await responseSet([responseOf()], { never: { namespaces: [], labels: keys, executables: [] } }),
      responder,
    });
    inject(built.agent, [inContainer(1)], [shadowRead(1)]);
    await built.waitForLines(1);
    const { target } = responder.acts[0] ?? assert.fail();
    assert.deepEqual([...target.labels], [['team', 'own']]);
    assert.equal(target.pod, undefined);
  });

  test('of the host has a target without a container', async () => {
    const responder = new NotingResponder();
    await using built = await startBuiltAgent([module], { responses: await responseSet([responseOf()]), responder });
    inject(built.agent, [processImage(1, { executable: '/bin/x' })], [shadowRead(1)]);
    await built.waitForLines(1);
    assert.equal(responder.acts[0]?.target.container, '');
    assert.equal(responder.acts[0]?.target.isIncomplete, false);
  });

  test('has the outcome of each response that is for it, in their order, and of the kernel without asking; others are not asked', async () => {
    const outcomes: Record<string, Outcome> = {
      one: { kind: 'observed', what: 'kill process 1001' },
      two: { kind: 'refused', why: 'limit', detail: '5 in 1m' },
    };
    const responder = new NotingResponder(({ name }) => Promise.resolve(outcomes[name] ?? assert.fail(name)));
    const responses = await responseSet([
      responseOf({ name: 'one', match: { rules: ['Shadow*'], tags: ['none', 'secrets'], priority: 'Warning' } }),
      responseOf({ name: 'other', match: { rules: ['Shadow*'], priority: 'Error' } }),
      responseOf({ name: 'in the kernel', where: 'kernel', action: 'kill_process' }),
      responseOf({ name: 'two' }),
    ]);
    await using built = await startBuiltAgent([module], { responses, responder });
    inject(built.agent, [processImage(1, {})], [shadowRead(1)]);
    await built.waitForLines(1);
    assert.deepEqual(responseFields(built.jsonLines()), [
      'one: observe: would kill process 1001; in the kernel: not done, incomplete: the kernel did not decide for this agent: enforcement was not ready, ' +
        'the name or the process was unknown, or pins of a previous agent decided; two: not done, limit: 5 in 1m',
    ]);
    assert.deepEqual(built.agent.summary().responses, {
      mode: 'act',
      responses: 4,
      outcomes: [
        { response: 'one', action: 'pause_container', outcome: 'observed', count: 1 },
        { response: 'in the kernel', action: 'kill_process', outcome: 'incomplete', count: 1 },
        { response: 'two', action: 'pause_container', outcome: 'limit', count: 1 },
      ],
    });
  });

  test('that no response is for is as it was', async () => {
    const responder = new NotingResponder();
    const responses = await responseSet([responseOf({ match: { tags: ['none'] } })]);
    await using built = await startBuiltAgent([module], { responses, responder });
    inject(built.agent, [processImage(1, {})], [shadowRead(1)]);
    await built.waitForLines(1);
    assert.deepEqual(responseFields(built.jsonLines()), [undefined]);
    assert.deepEqual(responder.acts, []);
  });
});

describe('a response', () => {
  test('that takes longer than a second is in the alert as under way, and its end is an alert of its own', async () => {
    const end = Promise.withResolvers<Outcome>();
    const responder = new NotingResponder(() => end.promise);
    await using built = await startBuiltAgent([module], { responses: await responseSet([responseOf()]), responder });
    inject(built.agent, [processImage(1, {})], [shadowRead(1)]);
    await built.waitForLines(1);
    assert.deepEqual(responseFields(built.jsonLines()), ['freeze: under way']);
    end.resolve({ kind: 'done', what: 'paused container abc', milliseconds: 1234.5 });
    const lines = await built.waitForLines(2);
    assert.match(lines[1] ?? '', /Notice Wasprey internal: response ended: freeze: paused container abc \(1235 ms\)$/);
  });

  test('that fails is an alert, whether it says so or throws', async () => {
    const responder = new NotingResponder(({ name }) =>
      name === 'says'
        ? Promise.resolve({ kind: 'failed', what: 'pausing abc', reason: 'no such cgroup', milliseconds: 1 })
        : Promise.reject(new Error('a defect')),
    );
    const responses = await responseSet([responseOf({ name: 'says' }), responseOf({ name: 'throws' })]);
    await using built = await startBuiltAgent([module], { responses, responder });
    inject(built.agent, [processImage(1, {})], [shadowRead(1)]);
    const lines = (await built.waitForLines(3)).map((line) => line.replace(/^[\d:.]+ /, '')).sort();
    assert.deepEqual(lines.slice(0, 2), [
      'Critical Wasprey internal: response failure: says: failed: pausing abc: no such cgroup (1.0 ms)',
      'Critical Wasprey internal: response failure: throws: failed: pause_container: a defect (0.0 ms)',
    ]);
  });

  test('under way when the agent stops is awaited, and its alert is sent', async () => {
    const responder = new NotingResponder(async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return { kind: 'done', what: 'late', milliseconds: 100 };
    });
    await using built = await startBuiltAgent([module], { responses: await responseSet([responseOf()]), responder });
    inject(built.agent, [processImage(1, {})], [shadowRead(1)]);
    await until(() => responder.acts.length > 0);
    await built.agent.stop();
    assert.deepEqual(responseFields(built.jsonLines()), ['freeze: late (100 ms)']);
  });
});

test('the journal keeps what was done about each alert, and why not', async (t) => {
  const folder = directoryForTest(t);
  const outcomes: Record<string, Outcome> = {
    one: { kind: 'done', what: 'paused container web', milliseconds: 3 },
    two: { kind: 'refused', why: 'limit', detail: '5 in 1m' },
  };
  const responder = new NotingResponder(({ name }) => Promise.resolve(outcomes[name] ?? assert.fail(name)));
  const responses = await responseSet([responseOf({ name: 'one' }), responseOf({ name: 'two' })]);
  const journal = { folder, maxBytes: 1 << 20, keep: 60_000, kinds: [] };
  await using built = await startBuiltAgent([module], { responses, responder, journal });
  inject(built.agent, [processImage(1, {})], [shadowRead(1)]);
  await built.waitForLines(1);
  await built.agent.stop();
  const records = await readResponseLog(folder);
  const common = { rule: 'Shadow read', action: 'pause_container', pid: 1001, container: '' };
  assert.deepEqual(
    records.map(({ time, ...record }) => record),
    [
      { ...common, response: 'one', outcome: 'done', text: 'one: paused container web (3.0 ms)' },
      { ...common, response: 'two', outcome: 'limit', text: 'two: not done, limit: 5 in 1m' },
    ],
  );
  assert.ok(records.every(({ time }) => Date.now() - time < 60_000));
});

describe('the end of the agent', () => {
  /** Captures that can be asked about processes. */
  const open = (): number =>
    Array.from({ length: 64 }, (_, handle) => loadAddon().eventCounts(handle)).filter(Boolean).length;

  test('comes when what is under way has been done: until then the capture knows the processes', async () => {
    const seen: number[] = [];
    const responder = new NotingResponder(async () => {
      await pause(300);
      seen.push(open());
      return { kind: 'done', what: 'late', milliseconds: 300 };
    });
    await using built = await startBuiltAgent([module], { responses: await responseSet([responseOf()]), responder });
    inject(built.agent, [processImage(1, {})], [shadowRead(1)]);
    await until(() => responder.acts.length > 0);
    await built.agent.stop();
    assert.deepEqual(seen, [1]);
    await until(() => open() === 0);
  });

  test('does not wait long for it', async () => {
    const responder = new NotingResponder(() => new Promise(() => {}));
    await using built = await startBuiltAgent([module], { responses: await responseSet([responseOf()]), responder });
    inject(built.agent, [processImage(1, {})], [shadowRead(1)]);
    await until(() => responder.acts.length > 0);
    const began = performance.now();
    await built.agent.stop();
    assert.ok(performance.now() - began < 10_000);
    assert.deepEqual(responseFields(built.jsonLines()), ['freeze: under way']);
  });
});

test('responses are replaced with the rules, and alone', async () => {
  const responder = new NotingResponder();
  await using built = await startBuiltAgent([module], { responder });
  const read = () => inject(built.agent, [], [shadowRead(1)]);
  inject(built.agent, [processImage(1, { comm_bytes: 'shell' })], [shadowRead(1)]);
  await built.waitForLines(1);
  await built.agent.replaceRules([module], undefined, await responseSet([responseOf({ name: 'first' })]));
  read();
  await built.waitForLines(2);
  const excepted = await responseSet([responseOf({ name: 'second', unless: 'proc.name = shell' })], {
    mode: 'observe',
  });
  await built.agent.replaceRules([module], undefined, excepted);
  read();
  await built.waitForLines(3);
  await built.agent.replaceRules([module]);
  read();
  await built.waitForLines(4);
  await built.agent.replaceRules([module], undefined, await responseSet([]));
  read();
  await built.waitForLines(5);
  const second = 'second: not done, excepted: `unless` holds';
  assert.deepEqual(responseFields(built.jsonLines()), [
    undefined,
    'first: pause_container of 1001 (2.0 ms)',
    second,
    second,
    undefined,
  ]);
  assert.deepEqual(
    responder.settings.map(({ mode, responses }) => [mode, ...responses.map(({ name }) => name)]),
    [['act', 'first'], ['observe', 'second'], ['observe', 'second'], ['act']],
  );
});
