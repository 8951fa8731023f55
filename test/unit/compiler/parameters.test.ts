// Conditions on parameters: numbers at their limits, names of processes and lists as outputs show them, names of users.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { translateRules } from '../../../host/compiler/compile.ts';
import { RuleModule, rulesOf } from '../../support/records/rule-module.ts';

/** Which of the conditions hold on an event. */
async function holding(
  conditions: readonly string[],
  type: string,
  members: Parameters<RuleModule['records']['event']>[2],
  image: Parameters<RuleModule['records']['image']>[0] = {},
): Promise<readonly boolean[]> {
  const module = await RuleModule.of(rulesOf(conditions));
  const process = module.records.image({ container_address: module.records.host, ...image });
  module.setCandidates(process);
  const event = module.records.event(type, process, members);
  const matched = new Set(module.evaluate(event.address, event.address + event.number('size')));
  return conditions.map((_, index) => matched.has(index));
}

test('64-bit parameters have no sign where their type has none', async () => {
  const conditions = ['evt.arg.length = 18446744073709551614', 'evt.rawarg.length > 9', 'evt.arg.length = -2'];
  const members = { numbers: [0n, 2n ** 64n - 2n, 0n] };
  assert.deepEqual(await holding(conditions, 'mmap', members), [true, true, false]);
  const signed = ['evt.arg.pid = -1', 'evt.rawarg.pid < 0', 'evt.rawarg.sig = 255'];
  const everybody = { numbers: [2n ** 64n - 1n, 2n ** 64n - 1n, 0n, 0n] };
  assert.deepEqual(await holding(signed, 'kill', everybody), [true, true, true]);
});

test('a parameter that outputs show exists', async () => {
  const conditions = [
    'evt.arg.tid = 7',
    'evt.arg.cgroups = NULL',
    'evt.arg.args = "-la./etc."',
    'evt.arg.env = "A=1.B=2."',
  ];
  const image = { argv: 'ls\0-la\0/etc\0', environment: 'A=1\0B=2\0', comm: undefined };
  assert.deepEqual(await holding(conditions, 'execveat', { tid: 7 }, image), [true, true, true, true]);
});

// Bytes of arguments that are not printable are shown as dots.
test('texts in what is shown: with dots and without, at each place, in any case', async () => {
  const holds = [
    'evt.arg.args contains shadow',
    'evt.arg.args contains id_rsa.pub',
    'evt.arg.args contains "-la./etc"',
    'evt.arg.args icontains SHADOW',
    'evt.arg.args icontains "RSA.PUB."',
    'evt.arg.args startswith "-la."',
    'evt.arg.args endswith "pub."',
    'tolower(evt.arg.args) contains "shadow.id"',
    'evt.arg.args in (x, "-la./etc/shadow.id_rsa.pub.")',
    'evt.arg.args glob "*shadow.id*"',
  ];
  const fails = [
    'evt.arg.args contains "shadow id"',
    'evt.arg.args contains "shadow..id"',
    'evt.arg.args contains "rsapub"',
    'evt.arg.args startswith "la."',
    'evt.arg.args in ("-la./etc/shadow.id_rsa.pub", "-la")',
  ];
  const image = { argv: 'ls\0-la\0/etc/shadow\0id_rsa.pub\0', comm: 'ls' };
  const held = await holding([...holds, ...fails], 'execve', { tid: 7 }, image);
  assert.deepEqual(held, [...holds.map(() => true), ...fails.map(() => false)]);
});

test('a long list of texts, with dots and without, compiles, and each is found', async () => {
  const texts = Array.from(
    { length: 100 },
    (_, n) => `/opt/service${n % 2 ? '.' : '-'}${n}/with/a/path/of/some/length`,
  );
  const list = texts.map((text) => `"${text}."`).join(', ');
  for (const wanted of [texts[3], texts[4], texts[99]]) {
    const conditions = [`evt.arg.args in (${list})`, `concat(evt.arg.args, "") in (${list})`];
    const image = { argv: `x\0${wanted}\0`, comm: 'x' };
    assert.deepEqual(await holding(conditions, 'execve', { tid: 7 }, image), [true, true], wanted);
  }
});

test('a text that no automaton has room for is an error of its rule', () => {
  const { diagnostics } = translateRules(rulesOf([`evt.type = execve and evt.arg.args = "${'.x'.repeat(1000)}"`]));
  assert.deepEqual(
    diagnostics.map(({ code, rule }) => [code, rule]),
    [['condition-too-large', 0]],
  );
});

test('names of users are those of the process, root, or not known', async () => {
  const conditions = ['evt.arg.euid = eva', 'evt.arg.ruid = root', 'evt.arg.suid = "<NA>"'];
  const ids = { numbers: [0n, 1000n, 4_200_000_000n, 0n] };
  const eva = { uid: 1000, user_name: 'eva' };
  assert.deepEqual(await holding(conditions, 'setresuid', ids, eva), [true, true, true]);
});

test('a condition with a name that it cannot know gets a warning', () => {
  const warningsOf = (condition: string): readonly string[] =>
    translateRules(rulesOf([`evt.type in (setuid, setresuid) and ${condition}`])).diagnostics.map(
      ({ message }) => message,
    );
  for (const known of ['evt.arg.ruid = root', 'evt.arg.uid = daemon', 'evt.arg.euid = daemon', 'evt.arg.suid exists']) {
    assert.deepEqual(warningsOf(known), [], known);
  }
  for (const unknown of ['evt.arg.ruid = daemon', 'tolower(evt.arg.ruid) in (root, daemon)']) {
    const [warning = ''] = warningsOf(unknown);
    assert.match(warning, /^evt\.arg\.ruid of setresuid is <NA> in conditions unless/, unknown);
  }
});
