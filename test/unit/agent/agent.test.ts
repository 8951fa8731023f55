// The agent from event to alert, on the builder source: what is reported, how storms and blocked outputs are borne, how it stops.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import { DEFAULT_FORMAT } from '../../../host/outputs/alert.ts';
import { LineWriter } from '../../../host/outputs/line-writer.ts';
import {
  event,
  moduleOf,
  process as processImage,
  shadowRead,
  startBuiltAgent,
} from '../../support/records/built-agent.ts';
import { inject } from '../../support/records/inject.ts';

process.env.TZ = 'UTC';
process.env.FALCO_HOSTNAME = 'node-1';

const RULES = `
- rule: Sensitive file read
  desc: someone reads a sensitive file
  condition: evt.type in (open, openat) and fd.name = /etc/shadow and evt.is_open_read = true
  output: "read of %fd.name (user=%user.name command=%proc.cmdline pid=%proc.pid parent=%proc.pname container=%container.id)"
  priority: WARNING
  tags: [filesystem, T1003]
- rule: Any open
  desc: any open at all
  condition: evt.type in (open, openat) and fd.name startswith /etc/
  output: "open of %fd.name by %proc.name"
  priority: INFO
`;

/** Longer than the worker waits for the host. */
const HELD_UP_MS = 2000;

/** 2026-11-24T13:53:08.365763965Z */
const TIME = 1795528388365763965n;

test('an event becomes an alert, in both forms', async () => {
  const module = await moduleOf(RULES);
  await using built = await startBuiltAgent([module]);
  const shell = processImage(1, { comm_bytes: 'bash', pid: 500, argv: 'bash\0' });
  const cat = processImage(2, { comm_bytes: 'cat', pid: 501, parent: 1, argv: 'cat\0/etc/shadow\0' });
  inject(built.agent, [shell, cat], [shadowRead(2, { time: TIME })]);
  const message = 'read of /etc/shadow (user=root command=cat /etc/shadow pid=501 parent=bash container=host)';
  assert.deepEqual(await built.waitForLines(1), [`13:53:08.365763965: Warning ${message}`]);
  const fields =
    '{"container.id":"host","evt.time":1795528388365763965,"fd.name":"/etc/shadow","proc.cmdline":"cat /etc/shadow",' +
    `"proc.pid":501,"proc.pname":"bash","user.name":"root","wasprey.module":"sha256:${module.sha256}"}`;
  assert.deepEqual(built.jsonLines(), [
    `{"hostname":"node-1","output":"13:53:08.365763965: Warning ${message}","output_fields":${fields},"priority":"Warning",` +
      '"rule":"Sensitive file read","source":"syscall","tags":["T1003","filesystem"],"time":"2026-11-24T13:53:08.365763965Z"}',
  ]);
});

test('without the hash of the module, its fields are those that Falco gives it', async () => {
  await using built = await startBuiltAgent([await moduleOf(RULES)], { namesModules: false });
  inject(
    built.agent,
    [processImage(2, { comm_bytes: 'cat' })],
    [shadowRead(2, { name: '/etc/passwd', raw: '/etc/passwd', resolved: '/etc/passwd', time: TIME })],
  );
  await built.waitForLines(1);
  const [line = ''] = built.jsonLines();
  assert.match(
    line,
    /"output_fields":\{"evt\.time":1795528388365763965,"fd\.name":"\/etc\/passwd","proc\.name":"cat"\},/,
  );
});

test('what the agent has started itself is counted, and no alert', async () => {
  await using built = await startBuiltAgent([await moduleOf(RULES)], { ignoresSelf: true });
  const pid_namespace = statSync('/proc/self/ns/pid').ino;
  const start_time = BigInt(Date.now()) * 1_000_000n;
  const agent = { vpid: process.pid, pid_namespace, start_time };
  const images = [
    processImage(1, agent),
    processImage(2, { parent: 1, comm_bytes: 'sh', start_time }),
    // They had our number before us, or have it elsewhere.
    processImage(3, { ...agent, start_time: start_time - 3_600_000_000_000n }),
    processImage(4, { parent: 3, comm_bytes: 'earlier' }),
    processImage(5, { ...agent, pid_namespace: pid_namespace + 1, comm_bytes: 'elsewhere' }),
  ];
  inject(built.agent, images, [shadowRead(1), shadowRead(2), shadowRead(4), shadowRead(5)]);
  const lines = await built.waitForLines(2);
  assert.deepEqual(
    lines.map((line) => / command=(\S+)/.exec(line)?.[1]),
    ['earlier', 'elsewhere'],
  );
  const { engine } = await built.agent.stop();
  assert.equal(engine?.matchesOfSelf, 2);
  assert.equal(built.lines().length, 2);
});

test('rule_matching decides whether the first rule or every rule reports', async () => {
  const module = await moduleOf(RULES);
  const image = processImage(1, {});
  for (const [ruleMatching, expected] of [
    ['first', ['Sensitive file read']],
    ['all', ['Sensitive file read', 'Any open']],
  ] as const) {
    await using built = await startBuiltAgent([module], { ruleMatching });
    inject(built.agent, [image], [shadowRead(1)]);
    await built.waitForLines(expected.length);
    await built.agent.stop();
    const rules = built.jsonLines().map((line) => (JSON.parse(line) as { rule: string }).rule);
    assert.deepEqual(rules, expected);
  }
});

test('a module that matches everything mutes those after it by rule_matching: first, none before it, and none by all', async () => {
  const everything = `
- rule: Everything
  desc: for a test
  condition: evt.type in (openat, execve, connect)
  output: everything
  priority: INFO
`;
  const [greedy, rules] = [await moduleOf(everything), await moduleOf(RULES)];
  for (const [ruleMatching, order, expected] of [
    ['first', [greedy, rules], ['Everything']],
    ['first', [rules, greedy], ['Sensitive file read']],
    ['all', [greedy, rules], ['Any open', 'Everything', 'Sensitive file read']],
  ] as const) {
    await using built = await startBuiltAgent(order, { ruleMatching });
    inject(built.agent, [processImage(1, {})], [shadowRead(1)]);
    await built.waitForLines(expected.length);
    const { byRule } = (await built.agent.stop()).alerts;
    assert.deepEqual([...byRule.keys()].sort(), expected);
  }
});

test('several modules report as one set of rules', async () => {
  const second = RULES.replaceAll('Sensitive file read', 'The same').replaceAll('Any open', 'Another open');
  await using built = await startBuiltAgent([await moduleOf(RULES), await moduleOf(second)], { ruleMatching: 'all' });
  inject(built.agent, [processImage(1, {})], [shadowRead(1)]);
  await built.waitForLines(4);
  const { byRule } = (await built.agent.stop()).alerts;
  assert.deepEqual([...byRule.keys()].sort(), ['Another open', 'Any open', 'Sensitive file read', 'The same']);
});

test('hostile bytes in an event stay within their line', async () => {
  await using built = await startBuiltAgent([await moduleOf(RULES)]);
  const name = Buffer.from('/etc/a\nb\u001b[2J"\\\u009b\u202e', 'utf8');
  const bytes = Buffer.concat([name, Buffer.from([0xff, 0xc3])]);
  inject(built.agent, [processImage(1, { comm_bytes: 'x\ny' })], [shadowRead(1, { raw: bytes, resolved: bytes })]);
  const [line = ''] = await built.waitForLines(1);
  assert.match(line, /: Informational open of \/etc\/a\\nb\\u001b\[2J\\"\\\\\\u009b\\u202e\ufffd\ufffd by x\\ny$/);
  assert.equal(built.jsonLines().length, 1);
  const { output_fields: fields } = JSON.parse(built.jsonLines()[0] ?? '') as { output_fields: Record<string, string> };
  assert.equal(fields['fd.name'], '/etc/a\nb\u001b[2J"\\\u009b\u202e\ufffd\ufffd');
});

test('a storm of matches is counted to the last one, and the number of those that are not reported is', async () => {
  await using built = await startBuiltAgent([await moduleOf(RULES)]);
  const storm = 30_000;
  const events = Array.from({ length: storm }, (_, index) => shadowRead(1, { cpu: index % 2 }));
  inject(built.agent, [processImage(1, {})], events);
  const { engine, alerts } = await built.agent.stop();
  assert.ok(engine);
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  assert.equal(sum(engine.capture.produced), storm);
  assert.equal(engine.matches, sum(engine.capture.evaluated));
  assert.equal(sum(engine.capture.produced), sum(engine.capture.evaluated) + sum(engine.capture.dropped));
  const reported = alerts.byRule.get('Sensitive file read') ?? 0;
  assert.equal(reported, engine.matches - engine.matchesDropped);
  assert.ok(reported > 0);
});

test('a rule that floods loses its own matches, not those of another rule', async () => {
  await using built = await startBuiltAgent([await moduleOf(RULES)]);
  const [flood, others, every] = [12_000, 100, 120];
  const other = { name: '/etc/passwd', raw: '/etc/passwd', resolved: '/etc/passwd' };
  const events = Array.from({ length: flood }, (_, index) =>
    shadowRead(1, { cpu: 0, ...(index % every === 0 && other) }),
  );
  inject(built.agent, [processImage(1, {})], events);
  // The host takes nothing meanwhile.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, HELD_UP_MS);
  const { engine, alerts } = await built.agent.stop();
  assert.equal(
    engine?.capture.dropped.reduce((total, number) => total + number, 0),
    0,
  );
  assert.equal(engine.matches, flood);
  assert.ok(engine.matchesDropped > 0);
  assert.equal(alerts.byRule.get('Any open'), others);
  assert.equal(alerts.byRule.get('Sensitive file read'), flood - others - engine.matchesDropped);
});

test('dropped events are reported, with their number', async () => {
  const sizes = { ringBudget: 1 << 19, imageBudget: 16 << 20, containerBudget: 1 << 20, cpus: 1 };
  const began = Date.now();
  await using built = await startBuiltAgent([await moduleOf(RULES)], { sizes });
  // Put in at once, without a poll in between: more than the ring holds.
  const count = 5000;
  inject(
    built.agent,
    [processImage(1, {})],
    Array.from({ length: count }, () => shadowRead(1)),
  );
  const { engine, drops } = await built.agent.stop();
  const dropped = engine?.capture.dropped.reduce((total, number) => total + number, 0) ?? 0;
  assert.ok(dropped > 0 && dropped < count);
  const [line = ''] = built.jsonLines().filter((json) => json.includes('syscall event drop'));
  const alert = JSON.parse(line) as {
    source: string;
    priority: string;
    output: string;
    output_fields: Record<string, string>;
  };
  assert.deepEqual([alert.source, alert.priority], ['internal', 'Debug']);
  const { 'wasprey.from': from = '', 'wasprey.to': to = '', ...numbers } = alert.output_fields;
  const kinds = ['clone_fork', 'execve', 'connect', 'dir_file', 'other_interest'];
  const none = Object.fromEntries(kinds.map((kind) => [`n_drops_buffer_${kind}_exit`, '0']));
  assert.deepEqual(numbers, {
    ...none,
    n_drops: String(dropped),
    n_drops_buffer_open_exit: String(dropped),
    n_drops_buffer_total: String(dropped),
    n_evts: String(count),
    n_matches_dropped: '0',
  });
  // From the start of the agent to its end.
  assert.ok(
    began <= Date.parse(from) && Date.parse(from) < Date.parse(to) && Date.parse(to) <= Date.now(),
    `${from} ${to}`,
  );
  const message = `Debug Wasprey internal: syscall event drop. ${dropped} system calls dropped from ${from} to ${to}.`;
  assert.ok(alert.output.endsWith(message), alert.output);
  const [text = ''] = built.lines().filter((each) => each.includes('syscall event drop'));
  assert.ok(text.includes(`${message} (n_evts=${count} n_drops=${dropped} n_drops_buffer_total=${dropped} `), text);
  assert.deepEqual(drops, { occurrences: 1, actions: 1 });
});

test('an idle agent can be stopped twice', async () => {
  const built = await startBuiltAgent([await moduleOf(RULES)]);
  const [first, second] = await Promise.all([built.agent.stop(), built.agent.stop()]);
  assert.equal(first, second);
  assert.ok(first.engine);
  await built[Symbol.asyncDispose]();
});

/** How long a child lives that does not read. */
const NEVER_READS_S = 60;

test('a pipe that nobody reads delays neither other outputs nor the end', async () => {
  // A child that never reads its standard input: the other end of a pipe as `wasprey run | something-that-hangs` has it.
  const child = spawn('sleep', [String(NEVER_READS_S)], { stdio: ['pipe', 'ignore', 'ignore'] });
  try {
    const pipe = (child.stdin as unknown as { _handle: { fd: number } })._handle.fd;
    const { descriptorOutput } = await import('../../../host/outputs/line-output.ts');
    const blocked = descriptorOutput({ json: false, format: DEFAULT_FORMAT, onError: assert.fail }, pipe);
    await using built = await startBuiltAgent([await moduleOf(RULES)], {}, [blocked]);
    // Some 240 KB of lines; a pipe holds 64 KB. So many matches of one rule may be on their way (match-shares.ts), if the host is slow.
    const count = 2000;
    inject(
      built.agent,
      [processImage(1, {})],
      Array.from({ length: count }, () => shadowRead(1)),
    );
    await built.waitForLines(count);
    const began = performance.now();
    await built.agent.stop();
    assert.ok(performance.now() - began < (NEVER_READS_S / 2) * 1000, 'it waited for whoever does not read');
    const { written, dropped } = blocked.counters;
    assert.ok(written > 0 && dropped > 0, `${written} written, ${dropped} dropped`);
    assert.equal(written + dropped, count);
  } finally {
    child.kill('SIGKILL');
  }
});

test('events of an unknown process are evaluated too', async () => {
  await using built = await startBuiltAgent([await moduleOf(RULES)]);
  inject(
    built.agent,
    [],
    [event('openat', 99, { name: '/etc/x', raw: '/etc/x', kind: 'f'.charCodeAt(0), dirfd: -100 })],
  );
  const [line = ''] = await built.waitForLines(1);
  assert.match(line, /Informational open of \/etc\/x by /);
});

test('a writer drops what comes after its end, and says so', async () => {
  const writer = new LineWriter(1, assert.fail);
  await writer.close(10);
  writer.push('late');
  assert.deepEqual(writer.counters, { written: 0, dropped: 1, errors: 0, queued: 0 });
});
