// `unless`: evaluated in the sandbox on matches alone, and on what is known of the container when it is.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import type { RuntimePlaces } from '../../../host/metadata/directory/runtime-places.ts';
import {
  type BuiltAgent,
  moduleOf,
  process as processImage,
  shadowRead,
  startBuiltAgent,
} from '../../support/records/built-agent.ts';
import { handMade } from '../../support/records/hand-made-module.ts';
import { inject } from '../../support/records/inject.ts';
import { NotingResponder, responseOf, responseSet } from '../../support/responses/response-sets.ts';
import { startDockerEngine } from '../../support/servers/docker-engine.ts';

const RULES = `
- rule: Shadow read
  desc: reads no container
  condition: evt.type = openat and fd.name = /etc/shadow
  output: "%proc.name"
  priority: WARNING
- rule: Never
  desc: no guard is for it
  condition: evt.type = openat and fd.name = /etc/passwd
  output: "%proc.name"
  priority: WARNING
`;

let module: RuleModule;
before(async () => {
  module = await moduleOf(RULES);
});

const CONTAINER = 'b'.repeat(64);

function inContainer(image: number, name = 'test'): Uint8Array {
  return processImage(image, { cgroup: `/docker/${CONTAINER}`, comm_bytes: name });
}

/** @param image undefined: Docker never answers */
function docker(image: string | undefined, delayMs = 0) {
  const answer = image && { Name: '/web', Config: { Image: image } };
  return startDockerEngine({ [`/containers/${CONTAINER}/json`]: answer || undefined }, delayMs);
}

function runtimesOf({ socket }: { readonly socket: string }): Partial<RuntimePlaces> {
  return { dockerSocket: socket, podmanSocket: '/nonexistent', runcRoots: [] };
}

function responses(built: BuiltAgent): unknown[] {
  return built.jsonLines().map((line) => JSON.parse(line).output_fields['wasprey.response']);
}

const EXCEPTED = 'not done, excepted: `unless` holds';
const INCOMPLETE = 'not done, incomplete: what `unless` reads is not known';

describe('a response is left out', () => {
  test('for events for which its own condition holds, and for no others', async () => {
    const responder = new NotingResponder();
    const set = await responseSet([
      responseOf({ name: 'a', unless: 'proc.name in (backup, agent-x)' }),
      responseOf({ name: 'b' }),
      responseOf({ name: 'c', unless: 'proc.aname = sshd or evt.type = unlink' }),
    ]);
    await using built = await startBuiltAgent([module], { responses: set, responder });
    const images = [
      processImage(1, { comm_bytes: 'sshd', pid: 1 }),
      processImage(2, { comm_bytes: 'backup', parent: 1 }),
      processImage(3, { comm_bytes: 'agent-x' }),
      processImage(4, { comm_bytes: 'shell', parent: 2 }),
      processImage(5, { comm_bytes: 'other' }),
    ];
    inject(
      built.agent,
      images,
      [2, 3, 4, 5].map((image) => shadowRead(image)),
    );
    await built.waitForLines(4);
    assert.deepEqual(responses(built), [
      `a: ${EXCEPTED}; b: pause_container of 1002 (2.0 ms); c: ${EXCEPTED}`,
      `a: ${EXCEPTED}; b: pause_container of 1003 (2.0 ms); c: pause_container of 1003 (2.0 ms)`,
      `a: pause_container of 1004 (2.0 ms); b: pause_container of 1004 (2.0 ms); c: ${EXCEPTED}`,
      `a: pause_container of 1005 (2.0 ms); b: pause_container of 1005 (2.0 ms); c: pause_container of 1005 (2.0 ms)`,
    ]);
  });

  test('if the condition holds by either of the names of a file, as a rule matches', async () => {
    const responder = new NotingResponder();
    const set = await responseSet([responseOf({ unless: 'fd.name startswith /tmp/' })]);
    await using built = await startBuiltAgent([module], { responses: set, responder });
    inject(built.agent, [processImage(1, {})], [shadowRead(1, { name: undefined, raw: '../tmp/link' }), shadowRead(1)]);
    await built.waitForLines(2);
    assert.deepEqual(responses(built), [`freeze: ${EXCEPTED}`, 'freeze: pause_container of 1001 (2.0 ms)']);
  });
});

describe('a condition on the container', () => {
  const unless = 'container.image.repository = shop/web';

  for (const [image, expected] of [
    ['shop/web:v1', `freeze: ${EXCEPTED}`],
    ['other', 'freeze: pause_container of 1001 (2.0 ms)'],
  ] as const) {
    test(`is decided when the runtime has answered: ${image}`, async () => {
      await using engine = await docker(image, 50);
      const options = { runtimes: runtimesOf(engine), responses: await responseSet([responseOf({ unless })]) };
      await using built = await startBuiltAgent([module], { ...options, responder: new NotingResponder() });
      inject(built.agent, [inContainer(1)], [shadowRead(1)]);
      await built.waitForLines(1);
      assert.deepEqual(responses(built), [expected]);
      // Known by now: nothing waits.
      inject(built.agent, [], [shadowRead(1)]);
      await built.waitForLines(2);
      assert.deepEqual(responses(built), [expected, expected]);
      const { engine: counters } = await built.agent.stop();
      assert.equal(counters?.hold.ended.known, 1);
    });
  }

  test('that the runtime never answers is not decided: nothing is done, whichever way it is written', async () => {
    await using engine = await docker(undefined);
    const set = await responseSet([
      responseOf({ name: 'is', unless }),
      responseOf({ name: 'is not', unless: `not ${unless}` }),
      responseOf({ name: 'else', unless: 'proc.name = nobody' }),
    ]);
    const responder = new NotingResponder();
    const options = { runtimes: runtimesOf(engine), hold: { milliseconds: 100 } };
    await using built = await startBuiltAgent([module], { ...options, responses: set, responder });
    inject(built.agent, [inContainer(1)], [shadowRead(1)]);
    await built.waitForLines(1);
    assert.deepEqual(responses(built), [
      `is: ${INCOMPLETE}; is not: ${INCOMPLETE}; else: pause_container of 1001 (2.0 ms)`,
    ]);
    // The rails decide about that one: they know that the container is unknown.
    assert.equal(responder.acts[0]?.target.isIncomplete, true);
    assert.equal(responder.acts[0]?.target.container, CONTAINER);
  });

  test('is not decided by an answer that came after the event was given up', async () => {
    await using engine = await docker('shop/web', 400);
    const options = { runtimes: runtimesOf(engine), hold: { milliseconds: 100 } };
    const set = await responseSet([responseOf({ unless: `not ${unless}` })]);
    await using built = await startBuiltAgent([module], {
      ...options,
      responses: set,
      responder: new NotingResponder(),
    });
    inject(built.agent, [inContainer(1)], [shadowRead(1)]);
    await built.waitForLines(1);
    assert.deepEqual(responses(built), [`freeze: ${INCOMPLETE}`]);
  });
});

test('of an unknown process nothing is decided', async () => {
  const set = await responseSet([
    responseOf({ name: 'with', unless: 'proc.name = x' }),
    responseOf({ name: 'without' }),
  ]);
  const responder = new NotingResponder();
  await using built = await startBuiltAgent([module], { responses: set, responder });
  inject(built.agent, [], [shadowRead(7)]);
  await built.waitForLines(1);
  assert.deepEqual(responses(built), [
    `with: ${INCOMPLETE}; without: not done, incomplete: the process of the event is not known`,
  ]);
  assert.deepEqual(responder.acts, []);
});

test('conditions that fail in the sandbox let nothing be done, and are reported', async () => {
  const good = await responseSet([responseOf({ unless: 'proc.name = x' })]);
  const { verified } = handMade({ evaluate: '(unreachable)' });
  const guard = good.guard && { ...good.guard, verified };
  const responder = new NotingResponder();
  await using built = await startBuiltAgent([module], { responses: { ...good, ...(guard && { guard }) }, responder });
  inject(
    built.agent,
    [processImage(1, {})],
    [shadowRead(1, { name: '/etc/passwd', raw: '/etc/passwd', resolved: '/etc/passwd' })],
  );
  inject(built.agent, [], [shadowRead(1), shadowRead(1)]);
  await built.waitForLines(4);
  const internal = built.lines().filter((line) => line.includes('no longer evaluated'));
  assert.equal(internal.length, 1);
  assert.match(internal[0] ?? '', /The rules of responses \(unless\) are/);
  assert.deepEqual(
    responses(built).filter((text) => text !== undefined),
    [`freeze: ${INCOMPLETE}`, `freeze: ${INCOMPLETE}`, `freeze: ${INCOMPLETE}`],
  );
  assert.deepEqual(responder.acts, []);
});
