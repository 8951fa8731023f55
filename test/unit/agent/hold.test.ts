// Events of containers that are not known yet: rules that read what only the runtime tells wait for it, within bounds; the others don't.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import { HOLD_ENDS, type HoldEnd } from '../../../host/engine/messages/match.ts';
import type { RuleMatching } from '../../../host/engine/messages/protocol.ts';
import {
  type BuiltAgent,
  event,
  moduleOf,
  process as processImage,
  shadowRead,
  startBuiltAgent,
} from '../../support/records/built-agent.ts';
import { inject } from '../../support/records/inject.ts';
import { type DockerEngine, startDockerEngine } from '../../support/servers/docker-engine.ts';
import { until } from '../../support/until.ts';

/** In the order of their definition; `first` looks at nothing else. */
const RULES = `
- rule: Before
  desc: reads no container, and comes before those that do
  condition: evt.type = openat and fd.name = /etc/shadow and proc.name = early
  output: "before %proc.pid"
  priority: WARNING
- rule: In the shop
  desc: what the runtime tells decides
  condition: evt.type = openat and container.image.repository = shop/web
  output: "shop %proc.pid %container.name"
  priority: WARNING
- rule: Not in the shop
  desc: the same the other way round
  condition: evt.type = openat and container.id != host and not container.image.repository = shop/web
  output: "not shop %proc.pid %container.name"
  priority: WARNING
- rule: After
  desc: reads no container, and comes behind those that do
  condition: evt.type = openat and fd.name = /etc/shadow
  output: "after %proc.pid"
  priority: WARNING
- rule: Other type
  desc: of a type that no rule which reads containers can match
  condition: evt.type = unlink
  output: "other %proc.pid"
  priority: WARNING
`;

let module: RuleModule;
before(async () => {
  module = await moduleOf(RULES);
});

function idOf(number: number): string {
  return number.toString(16).padStart(12, '0').padEnd(64, '0');
}

/** What Docker says of containers 0 to `count` - 1: undefined for those that it never answers about. */
function answersOf(count: number, image: string | undefined): Record<string, unknown> {
  const answer = image && { Name: '/web', Config: { Image: image } };
  return Object.fromEntries(
    Array.from({ length: count }, (_, number) => [`/containers/${idOf(number)}/json`, answer || undefined]),
  );
}

/** A process of the container with that number; its pid is 1000 + `image`. */
function inContainer(image: number, number: number, name = 'test'): Uint8Array {
  return processImage(image, { cgroup: `/docker/${idOf(number)}`, comm_bytes: name });
}

function runtimesOf(docker: DockerEngine) {
  return { dockerSocket: docker.socket, podmanSocket: '/nonexistent', runcRoots: [] };
}

/** Messages without the time in front. */
function messages(built: BuiltAgent): string[] {
  return built.lines().map((line) => line.replace(/^.*: Warning /, ''));
}

/** Waits until the engine's counters, which are reported now and then, say so. */
async function ended(built: BuiltAgent, end: HoldEnd, events: number): Promise<void> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const hold = built.agent.summary().engine?.hold;
    if (hold?.ended[end] === events) return;
    assert.ok(performance.now() < deadline, `${JSON.stringify(hold)}, not ${events} ${end}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** All that was held came to that end. */
function onlyEnd(end: HoldEnd, events: number) {
  const counts = Object.fromEntries(HOLD_ENDS.map((one) => [one, one === end ? events : 0]));
  return { now: 0, total: events, ended: counts };
}

describe('the first event of a container', () => {
  async function alertsOf(ruleMatching: RuleMatching, image: string, name: string, expected: number) {
    await using docker = await startDockerEngine(answersOf(1, image), 50);
    await using built = await startBuiltAgent([module], { runtimes: runtimesOf(docker), ruleMatching });
    const unlink = event('unlink', 1, { raw: '/a', dirfd: -100 });
    inject(built.agent, [inContainer(1, 0, name)], [shadowRead(1), unlink]);
    await built.waitForLines(expected);
    await ended(built, 'known', 2);
    const { engine } = await built.agent.stop();
    assert.deepEqual(engine?.hold, onlyEnd('known', 2));
    return messages(built);
  }

  test('matches what the runtime tells, and not the contrary; other rules do not wait', async () => {
    assert.deepEqual(await alertsOf('all', 'shop/web:v1', 'test', 3), ['after 1001', 'other 1001', 'shop 1001 web']);
    assert.deepEqual(await alertsOf('all', 'other', 'test', 3), ['after 1001', 'other 1001', 'not shop 1001 web']);
    assert.deepEqual(await alertsOf('all', 'other', 'early', 4), [
      'before 1001',
      'after 1001',
      'other 1001',
      'not shop 1001 web',
    ]);
  });

  test('matches the first rule in order once the container is known', async () => {
    assert.deepEqual(await alertsOf('first', 'shop/web:v1', 'test', 2), ['other 1001', 'shop 1001 web']);
    assert.deepEqual(await alertsOf('first', 'other', 'test', 2), ['other 1001', 'not shop 1001 web']);
    assert.deepEqual(await alertsOf('first', 'shop/web:v1', 'early', 2), ['before 1001', 'other 1001']);
  });

  test('matches rules of several modules in their order', async () => {
    const [readers, plain] = await Promise.all([
      moduleOf(RULES.slice(RULES.indexOf('- rule: In the shop'), RULES.indexOf('- rule: After'))),
      moduleOf(RULES.slice(RULES.indexOf('- rule: After'))),
    ]);
    await using docker = await startDockerEngine(answersOf(1, 'shop/web'), 50);
    for (const [modules, expected] of [
      [[readers, plain], 'shop 1001 web'],
      [[plain, readers], 'after 1001'],
    ] as const) {
      await using built = await startBuiltAgent(modules, { runtimes: runtimesOf(docker) });
      inject(built.agent, [inContainer(1, 0)], [shadowRead(1)]);
      await built.waitForLines(1);
      await ended(built, 'known', 1);
      await built.agent.stop();
      assert.deepEqual(messages(built), [expected]);
    }
  });

  test('is reported by the names that the kernel resolved, too', async () => {
    const rules = `
- rule: Resolved
  desc: a name that only the second view has
  condition: evt.type = openat and fd.name = /etc/shadow and container.image.repository = shop/web
  output: "%fd.name"
  priority: WARNING
`;
    await using docker = await startDockerEngine(answersOf(1, 'shop/web'), 50);
    await using built = await startBuiltAgent([await moduleOf(rules)], { runtimes: runtimesOf(docker) });
    const link = shadowRead(1, { name: undefined, raw: '../tmp/link' });
    const hardLink = shadowRead(1, { name: undefined, raw: '/a', resolved: '/b', elsewhere: '/etc/shadow' });
    inject(built.agent, [inContainer(1, 0)], [link, hardLink]);
    await built.waitForLines(2);
    assert.deepEqual(messages(built), [
      '/etc/shadow fd.openpath=/tmp/link fd.realpath=/etc/shadow',
      '/etc/shadow fd.openpath=/a fd.realpath=/b',
    ]);
  });
});

test('an event that waits is judged by the rules that it came under', async () => {
  const rules = (name: string) =>
    RULES.slice(RULES.indexOf('- rule: Not in'), RULES.indexOf('- rule: After')).replace('not shop', name);
  await using docker = await startDockerEngine(answersOf(1, 'other'), 400);
  await using built = await startBuiltAgent([await moduleOf(rules('old'))], { runtimes: runtimesOf(docker) });
  const next = await moduleOf(rules('new'));
  inject(built.agent, [inContainer(1, 0)], [shadowRead(1)]);
  await built.agent.replaceRules([next]);
  inject(built.agent, [], [shadowRead(1)]);
  await built.waitForLines(2);
  assert.deepEqual(messages(built), ['old 1001 web', 'new 1001 web']);
});

test('a thousand containers at once are each waited for', async () => {
  const count = 1000;
  // An answer that came before its event was evaluated would leave nothing to wait for.
  const allHeld = Promise.withResolvers<void>();
  await using docker = await startDockerEngine(answersOf(count, 'shop/web:v1'), allHeld.promise);
  await using built = await startBuiltAgent([module], {
    runtimes: runtimesOf(docker),
    hold: { milliseconds: 60_000 },
    ruleMatching: 'all',
  });
  const images = Array.from({ length: count }, (_, number) => inContainer(number + 1, number));
  inject(
    built.agent,
    images,
    images.map((_, number) => shadowRead(number + 1)),
  );
  await until(() => built.agent.summary().engine?.hold.now === count);
  allHeld.resolve();
  const deadline = performance.now() + 60_000;
  while (built.lines().length < 2 * count) {
    assert.ok(performance.now() < deadline, `${built.lines().length} alerts`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { engine } = await built.agent.stop();
  assert.equal(messages(built).filter((line) => /^shop \d+ web$/.test(line)).length, count);
  assert.equal(messages(built).filter((line) => /^after \d+$/.test(line)).length, count);
  assert.deepEqual(engine?.hold, onlyEnd('known', count));
});

describe('a runtime that does not answer', () => {
  test('costs the first events their time, and no later ones', async () => {
    await using docker = await startDockerEngine(answersOf(1, undefined));
    await using built = await startBuiltAgent([module], {
      runtimes: runtimesOf(docker),
      hold: { milliseconds: 300 },
      ruleMatching: 'all',
    });
    const began = performance.now();
    inject(built.agent, [inContainer(1, 0)], [shadowRead(1)]);
    await built.waitForLines(2);
    assert.ok(performance.now() - began >= 300);
    const marked = 'not shop 1001 <NA> container.metadata=timed-out';
    assert.deepEqual(messages(built), ['after 1001', marked]);

    inject(built.agent, [], [shadowRead(1), shadowRead(1)]);
    await built.waitForLines(6);
    const { engine, alerts } = await built.agent.stop();
    assert.deepEqual(
      messages(built).filter((line) => line !== 'after 1001'),
      [marked, marked, marked],
    );
    assert.deepEqual(engine?.hold, onlyEnd('timed-out', 1));
    assert.deepEqual([...alerts.withoutContainer], [['timed-out', 3]]);
  });

  test('may answer late: what comes after that is known', async () => {
    await using docker = await startDockerEngine(answersOf(1, 'shop/web:v1'), 700);
    await using built = await startBuiltAgent([module], {
      runtimes: runtimesOf(docker),
      hold: { milliseconds: 100 },
      ruleMatching: 'all',
    });
    inject(built.agent, [inContainer(1, 0)], [shadowRead(1)]);
    await built.waitForLines(2);
    assert.match(messages(built)[1] ?? '', /^not shop 1001 <NA> container\.metadata=timed-out$/);
    const deadline = performance.now() + 10_000;
    for (let sent = 0; !messages(built).includes('shop 1001 web'); sent++) {
      assert.ok(performance.now() < deadline, `no alert of the known container after ${sent} events`);
      inject(built.agent, [], [shadowRead(1)]);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });

  test('keeps no more events than allowed', async () => {
    await using docker = await startDockerEngine(answersOf(2, undefined));
    await using built = await startBuiltAgent([module], {
      runtimes: runtimesOf(docker),
      hold: { milliseconds: 60_000, events: 20 },
    });
    const flood = Array.from({ length: 30 }, () => shadowRead(1));
    inject(built.agent, [inContainer(1, 0), inContainer(2, 1)], [shadowRead(2), ...flood]);
    await built.waitForLines(30);
    // Of the container that makes no flood, the event waits on.
    const { engine } = await built.agent.stop();
    const count = (text: string) => messages(built).filter((line) => line === text).length;
    assert.equal(count('not shop 1001 <NA> container.metadata=too-many-events'), 30);
    assert.equal(count('not shop 1002 <NA> container.metadata=stopped'), 1);
    const { 'too-many-events': many, stopped } = engine?.hold.ended ?? {};
    assert.deepEqual([many, stopped, engine?.hold.total], [19, 1, 20]);
  });

  test('keeps no more memory than allowed', async () => {
    await using docker = await startDockerEngine(answersOf(1, undefined));
    await using built = await startBuiltAgent([module], {
      runtimes: runtimesOf(docker),
      hold: { milliseconds: 60_000 },
      sizes: { ringBudget: 16 << 20, imageBudget: 16 << 20, containerBudget: 1 << 20, holdBudget: 1 << 20, cpus: 1 },
    });
    const name = `/${'x'.repeat(3000)}`;
    const flood = Array.from({ length: 1000 }, () => shadowRead(1, { name, raw: name, resolved: name }));
    inject(built.agent, [inContainer(1, 0)], flood);
    await built.waitForLines(1000);
    const { engine } = await built.agent.stop();
    assert.ok(messages(built).every((line) => line === 'not shop 1001 <NA> container.metadata=no-memory'));
    assert.equal(messages(built).length, 1000);
    const held = engine?.hold.ended['no-memory'] ?? 0;
    assert.ok(held > 50 && held < 350, `${held}`);
    assert.deepEqual(engine?.hold, onlyEnd('no-memory', held));
  });

  test('loses no event at a stop', async () => {
    await using docker = await startDockerEngine(answersOf(1, undefined));
    await using built = await startBuiltAgent([module], { runtimes: runtimesOf(docker), ruleMatching: 'all' });
    inject(built.agent, [inContainer(1, 0)], [shadowRead(1), shadowRead(1)]);
    await built.waitForLines(2);
    const { engine } = await built.agent.stop();
    assert.deepEqual(messages(built).slice(2), [
      'not shop 1001 <NA> container.metadata=stopped',
      'not shop 1001 <NA> container.metadata=stopped',
    ]);
    assert.deepEqual(engine?.hold, onlyEnd('stopped', 2));
  });
});

test('where no rule reads what runtimes tell, no event is held; alerts that print it wait by themselves', async () => {
  const rules = `
- rule: Prints
  desc: reads nothing of the container
  condition: evt.type = openat
  output: "%proc.pid %container.name"
  priority: WARNING
`;
  await using docker = await startDockerEngine(answersOf(1, undefined));
  await using built = await startBuiltAgent([await moduleOf(rules)], {
    runtimes: runtimesOf(docker),
    hold: { milliseconds: 200 },
  });
  inject(built.agent, [inContainer(1, 0)], [shadowRead(1), shadowRead(1)]);
  await built.waitForLines(2);
  // Its time is over: the next ones do not wait.
  const { held } = built.agent.summary().alerts;
  inject(built.agent, [], [shadowRead(1)]);
  await built.waitForLines(3);
  const { engine, alerts } = await built.agent.stop();
  assert.deepEqual(new Set(messages(built)), new Set(['1001 <NA> container.metadata=timed-out']));
  assert.deepEqual([held, alerts.held, alerts.heldInVain, engine?.hold.total], [2, 2, 2, 0]);
});

test('the reason is a field of the alert, by the directory if that has given up', async () => {
  await using docker = await startDockerEngine({}, 20);
  await using built = await startBuiltAgent([module], { runtimes: runtimesOf(docker) });
  inject(built.agent, [inContainer(1, 0)], [shadowRead(1), shadowRead(4711)]);
  await built.waitForLines(2);
  const fields = built.jsonLines().map((line) => {
    const { output, output_fields: values } = JSON.parse(line) as { output: string; output_fields: object };
    return [output.replace(/^.*: Warning /, ''), 'container.metadata' in values && values['container.metadata']];
  });
  assert.deepEqual(fields.sort(), [
    ['after 0', false],
    ['not shop 1001 <NA> container.metadata=not-known', 'not-known'],
  ]);
});
