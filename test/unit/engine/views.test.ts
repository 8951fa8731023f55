// Events with two names: rules are tried on both views, and each rule reports once.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RuleMatching } from '../../../host/engine/messages/protocol.ts';
import { compileRuleModule } from '../../../host/sandbox/compile-module.ts';
import { instantiateRuleModule } from '../../../host/sandbox/instantiate.ts';
import { runEvaluate } from '../../../host/sandbox/run.ts';
import { EVENT_FLAGS } from '../../../host/schema/event-structs.ts';
import { event, moduleOf, process as processImage, startBuiltAgent } from '../../support/records/built-agent.ts';
import { inject } from '../../support/records/inject.ts';
import { eventRecord, RecordMemory } from '../../support/records/records.ts';
import { ruleModule } from '../../support/sandbox/wasm-builder.ts';

const RULES = `
- rule: Resolved only
  desc: true of the resolved name alone
  condition: evt.type = openat and fd.name = /etc/shadow and not fd.name startswith /tmp
  output: "%evt.num first: %fd.name %fd.filename %fd.directory %fd.nameraw"
  priority: WARNING
- rule: Opened only
  desc: true of the name passed alone
  condition: evt.type = openat and fd.name startswith /tmp and fd.filename = link
  output: "second: %fd.name"
  priority: WARNING
- rule: Either
  desc: true of both
  condition: evt.type = openat and fd.name startswith /
  output: "third: %fd.name %fd.openpath"
  priority: WARNING
- rule: Neither
  desc: true of no single name
  condition: evt.type = openat and fd.name startswith /tmp and fd.name endswith shadow
  output: "%fd.name"
  priority: WARNING
- rule: By fields of both names
  desc: true of every view
  condition: evt.type = openat and fd.openpath = /tmp/link and fd.realpath = /etc/shadow
  output: "fifth: %fd.name"
  priority: WARNING
- rule: Sent alone
  desc: the call that each message stands for
  condition: evt.type = sendmsg and fd.sport = 53 and evt.buffer contains query
  output: "sent: %evt.type %fd.name %evt.arg.size %evt.arg.data %evt.rawres"
  priority: WARNING
- rule: Sent with others
  desc: the call itself
  condition: evt.type = sendmmsg and fd.sport = 53
  output: "sent many: %evt.type %fd.name %evt.arg.size %evt.arg.data %evt.arg.tuple"
  priority: WARNING
- rule: Received alone
  desc: the call that each message stands for
  condition: evt.type = recvmsg and fd.cport = 53
  output: "received: %evt.type %fd.name %evt.arg.size"
  priority: WARNING
- rule: By handle
  desc: the call itself
  condition: evt.type = open_by_handle_at and fd.name startswith / and evt.is_open_write = true
  output: "sixth: %evt.type %fd.name %evt.arg.path %evt.arg.mountfd"
  priority: WARNING
`.replace('%evt.num ', '');

function open(raw: string, resolved: string): Uint8Array {
  return event('openat', 1, { kind: 'f'.charCodeAt(0), dirfd: -100, raw, resolved });
}

/** Rules and messages of the alerts, in order, without the time in front. */
async function alertsOf(events: readonly Uint8Array[], ruleMatching: RuleMatching): Promise<string[]> {
  await using built = await startBuiltAgent([await moduleOf(RULES)], { ruleMatching });
  inject(built.agent, [processImage(1, {})], events);
  await built.waitForLines(events.length);
  await built.agent.stop();
  return built.lines().map((line) => line.replace(/^.*: Warning /, ''));
}

describe('an event whose name the kernel resolved to another', () => {
  const BOTH = ' fd.openpath=/tmp/link fd.realpath=/etc/shadow';
  const FIRST = `first: /etc/shadow shadow /etc /tmp/link${BOTH}`;

  test('matches the first rule in file order that is true of either name', async () => {
    assert.deepEqual(await alertsOf([open('/tmp/link', '/etc/shadow')], 'first'), [FIRST]);
    assert.deepEqual(await alertsOf([open('/tmp/link', '/etc/passwd')], 'first'), [
      'second: /tmp/link fd.openpath=/tmp/link fd.realpath=/etc/passwd',
    ]);
  });

  test('matches each rule that is true of either name once, by the name passed if it is true of both', async () => {
    assert.deepEqual(await alertsOf([open('/tmp/link', '/etc/shadow')], 'all'), [
      FIRST,
      `second: /tmp/link${BOTH}`,
      'third: /tmp/link /tmp/link fd.realpath=/etc/shadow',
      `fifth: /tmp/link${BOTH}`,
    ]);
  });

  test('leaves the events around it as they are', async () => {
    const plain = open('/etc/shadow', '/etc/shadow');
    const expected = 'first: /etc/shadow shadow /etc /etc/shadow';
    assert.deepEqual(await alertsOf([plain, open('/tmp/link', '/etc/shadow'), plain], 'first'), [
      expected,
      FIRST,
      expected,
    ]);
  });

  test('is one event for all modules', async () => {
    const first = await moduleOf(RULES.slice(0, RULES.indexOf('- rule: Opened only')));
    const second = await moduleOf(RULES.slice(RULES.indexOf('- rule: Opened only'), RULES.indexOf('- rule: Either')));
    await using built = await startBuiltAgent([second, first], { ruleMatching: 'first' });
    inject(built.agent, [processImage(1, {})], [open('/tmp/link', '/etc/shadow')]);
    const [line = ''] = await built.waitForLines(1);
    const { engine } = await built.agent.stop();
    assert.match(line, /second: \/tmp\/link/);
    assert.equal(engine?.matches, 1);
  });
});

test('a file opened by its handle has its own event, which is an openat as well', async () => {
  const byHandle = (resolved: string): Uint8Array =>
    event('open_by_handle_at', 1, { kind: 'f'.charCodeAt(0), dirfd: 3, open_flags: 1, resolved });
  assert.deepEqual(await alertsOf([byHandle('/etc/shadow')], 'all'), [
    'first: /etc/shadow shadow /etc /etc/shadow',
    'third: /etc/shadow /etc/shadow',
    'sixth: open_by_handle_at /etc/shadow /etc/shadow 3',
  ]);
});

test('each message of many has its own event, which is a sendmsg or recvmsg as well', async () => {
  const address = (last: number): Uint8Array => Uint8Array.of(10, 0, 0, last, ...new Uint8Array(12));
  const ends = { local_address: address(1), local_port: 40_000, remote_address: address(2), remote_port: 53 };
  const message = (type: string, role: number): Uint8Array =>
    event(type, 1, { kind: '4'.charCodeAt(0), l4: 17, role, ...ends, length: 5, result: 5n, data: 'query' });
  assert.deepEqual(await alertsOf([message('sendmmsg', 1), message('recvmmsg', 2)], 'all'), [
    'sent: sendmsg 10.0.0.1:40000->10.0.0.2:53 5 query 5',
    'sent many: sendmmsg 10.0.0.1:40000->10.0.0.2:53 5 query 10.0.0.1:40000->10.0.0.2:53',
    'received: recvmsg 10.0.0.2:53->10.0.0.1:40000 5',
  ]);
});

test('a file whose path as passed is gone has the name that it resolves to', async () => {
  const unread = event('openat', 1, { kind: 'f'.charCodeAt(0), dirfd: -100, resolved: '/etc/shadow' });
  assert.deepEqual(await alertsOf([unread], 'all'), [
    'first: /etc/shadow shadow /etc /etc/shadow',
    'third: /etc/shadow /etc/shadow',
  ]);
});

test('a file that has a path elsewhere is matched by that too, each rule once', async () => {
  const hardLink = (raw: string, resolved: string, elsewhere: string): Uint8Array =>
    event('openat', 1, { kind: 'f'.charCodeAt(0), dirfd: -100, raw, resolved, elsewhere });
  const first = (openPath: string, realPath: string): string =>
    `first: /etc/shadow shadow /etc ${openPath} fd.openpath=${openPath} fd.realpath=${realPath}`;
  const third = (openPath: string, realPath: string): string =>
    `third: ${openPath} ${openPath} fd.realpath=${realPath}`;
  assert.deepEqual(await alertsOf([hardLink('/srv/x', '/srv/x', '/etc/shadow')], 'all'), [
    first('/srv/x', '/srv/x'),
    third('/srv/x', '/srv/x'),
  ]);
  assert.deepEqual(await alertsOf([hardLink('/srv/l', '/srv/x', '/etc/shadow')], 'all'), [
    first('/srv/l', '/srv/x'),
    third('/srv/l', '/srv/x'),
  ]);
  const plain = open('/etc/shadow', '/etc/shadow');
  const events = [hardLink('/srv/l', '/srv/x', '/etc/shadow'), plain, hardLink('/srv/x', '/srv/x', '/srv/x')];
  assert.deepEqual(await alertsOf(events, 'first'), [
    first('/srv/l', '/srv/x'),
    'first: /etc/shadow shadow /etc /etc/shadow',
    'third: /srv/x /srv/x',
  ]);
});

test('names that are not paths, or are equal, make no second view', async () => {
  const events = [open('/tmp/link', 'memfd:link'), open('/tmp/../tmp/link', '/tmp/link'), open('/tmp/link', '')];
  const lines = await alertsOf(events, 'first');
  assert.deepEqual(lines, Array(3).fill('second: /tmp/link'));
});

describe('the guard', () => {
  /** Three records, of which the second has a second view behind them all. */
  function views(evaluate: (second: number, view: number) => string) {
    const memory = new WebAssembly.Memory({ initial: 3, maximum: 3, shared: true });
    const records = new RecordMemory(memory.buffer as unknown as SharedArrayBuffer);
    const plain = eventRecord('openat', {});
    const from = records.end;
    const view = from + 3 * plain.length;
    records.put(plain);
    const second = records.put(eventRecord('openat', { flags: EVENT_FLAGS.TWO_VIEWS, other_view: view }));
    records.put(plain);
    records.put(eventRecord('openat', { flags: EVENT_FLAGS.RESOLVED_VIEW, other_view: second }));
    const matches: number[][] = [];
    const instance = instantiateRuleModule(compileRuleModule(ruleModule({ evaluate: evaluate(second, view) })), {
      memory,
      ruleCount: 3,
      match: (...match) => matches.push([match[0], match[1] - from, match[2] - from]),
    });
    return { result: runEvaluate(instance, from, view), matches, second: second - from, view: view - from };
  }
  const match = (rule: number, address: number): string => `(call $match (i32.const ${rule}) (i32.const ${address}))`;

  test('delivers what is true of either view in order and once, also of the last event', () => {
    const { result, matches, second, view } = views(
      (at, other) => match(1, at) + match(2, at) + match(0, other) + match(2, other),
    );
    assert.deepEqual(result, { ok: true });
    assert.deepEqual(matches, [
      [0, second, view],
      [1, second, second],
      [2, second, second],
    ]);
  });

  test('knows three views, and their order', () => {
    const memory = new WebAssembly.Memory({ initial: 3, maximum: 3, shared: true });
    const records = new RecordMemory(memory.buffer as unknown as SharedArrayBuffer);
    const { TWO_VIEWS, RESOLVED_VIEW } = EVENT_FLAGS;
    const first = records.end;
    const { length } = eventRecord('openat', {});
    const [second, third] = [first + length, first + 2 * length];
    records.put(eventRecord('openat', { flags: TWO_VIEWS, other_view: second }));
    records.put(eventRecord('openat', { flags: TWO_VIEWS | RESOLVED_VIEW, other_view: third }));
    records.put(eventRecord('openat', { flags: RESOLVED_VIEW, other_view: first }));
    const run = (...evaluate: string[]) => {
      const matches: number[][] = [];
      const module = compileRuleModule(ruleModule({ evaluate: evaluate.join('') }));
      const take = (rule: number, event: number, view: number): void => void matches.push([rule, event, view]);
      const result = runEvaluate(instantiateRuleModule(module, { memory, ruleCount: 3, match: take }), first, second);
      return result.ok ? matches : result.kind;
    };
    assert.deepEqual(run(match(2, first), match(1, second), match(0, third), match(1, third)), [
      [0, first, third],
      [1, first, second],
      [2, first, first],
    ]);
    assert.equal(run(match(0, third), match(1, second)), 'foreign-match');
    assert.equal(run(match(1, third), match(1, third)), 'foreign-match');
  });

  test('refuses a view of no record of the run, and the record after its view', () => {
    for (const evaluate of [
      (_at: number, other: number) => match(0, other + 8),
      (at: number, other: number) => match(0, other) + match(1, at),
      (_at: number, other: number) => match(1, other) + match(1, other),
    ]) {
      const { result } = views(evaluate);
      assert.equal(result.ok ? 'ok' : result.kind, 'foreign-match');
    }
  });
});
