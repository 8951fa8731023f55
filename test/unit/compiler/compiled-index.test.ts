// Rules that are looked up by what a text is or begins with: verdicts stay the interpreter's, in the order of the rules.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { translateRules } from '../../../host/compiler/compile.ts';
import { NAMES, putEvent, type RandomEvent, randomEvent } from '../../support/random/random-events.ts';
import { RuleModule, rulesOf } from '../../support/records/rule-module.ts';
import { interpret } from '../../support/reference/interpreter.ts';
import { rawEventAt } from '../../support/reference/raw-record.ts';

const RULES = 400;
const EVENTS = 1200;
const SEED = Number(process.env.WASPREY_TEST_SEED ?? 20_26);

/** Paths with beginnings in common, some the beginning of others. */
const PATHS = ['/etc', '/etc/ssh', '/etc/sshd', '/usr/lib', '/usr/lib64', '/srv/a', '/'].flatMap((directory) => [
  directory,
  ...['a', 'ab', 'abc', 'shadow', 'shadow-', 'conf.d/x', 'conf.d/xy', 'a-name-of-more-than-16-bytes'].map((name) =>
    `${directory}/${name}`.replace('//', '/'),
  ),
]);

/** A path, or something that just isn't one: cut short, gone on with. */
const nearPath = fc
  .tuple(fc.constantFrom(...PATHS), fc.nat(12), fc.constantFrom('', '', '', '/', 'x', '/x'))
  .map(([text, cut, more]) => `"${cut > 0 && cut < text.length ? text.slice(0, cut) : text}${more}"`);
const name = fc.constantFrom(...NAMES.filter((text) => text !== '')).map((text) => `"${text}"`);
const list = fc.array(nearPath, { minLength: 1, maxLength: 8 }).map((texts) => `(${texts.join(', ')})`);
const pair = fc.tuple(nearPath, nearPath);

const part = fc.oneof(
  nearPath.map((text) => `fd.name startswith ${text}`),
  nearPath.map((text) => `fd.name = ${text}`),
  nearPath.map((text) => `fd.name contains ${text}`),
  nearPath.map((text) => `fd.directory = ${text}`),
  nearPath.map((text) => `fs.path.name startswith ${text}`),
  nearPath.map((text) => `not fd.name startswith ${text}`),
  list.map((texts) => `fd.name in ${texts}`),
  list.map((texts) => `fd.directory in ${texts}`),
  pair.map(([a, b]) => `(fd.name startswith ${a} or fd.name = ${b})`),
  pair.map(([a, b]) => `(fd.name startswith ${a} or fs.path.name = ${b})`),
  name.map((text) => `proc.name = ${text}`),
  name.map((text) => `proc.cmdline contains ${text}`),
  fc.constant('evt.is_open_read = true'),
);
const type = fc.constantFrom(
  ...['evt.type in (open, openat, openat2)', 'evt.type != execve', 'evt.type in (unlinkat, rename, connect)'],
);
const condition = fc
  .tuple(type, fc.array(part, { minLength: 1, maxLength: 2 }))
  .map(([first, parts]) => [first, ...parts].join(' and '));

/** An event whose texts are the paths, one of a type that most of the rules are about. */
const event: fc.Arbitrary<RandomEvent> = fc
  .tuple(randomEvent, fc.array(fc.constantFrom(...PATHS, ''), { minLength: 8, maxLength: 8 }), fc.boolean())
  .map(([made, paths]) => {
    const members = Object.entries(made.members).map(([key, value], index) => [
      key,
      typeof value === 'string' ? paths[index % paths.length] : value,
    ]);
    return { ...made, members: Object.fromEntries(members) as RandomEvent['members'] };
  });

async function compare(conditions: readonly string[], events: readonly RandomEvent[]): Promise<number> {
  const rules = rulesOf(conditions);
  const module = await RuleModule.of(rules);
  let matches = 0;
  for (const each of events) {
    const placed = putEvent(module.records, each);
    module.setCandidates(placed.image);
    const record = rawEventAt(module.records.buffer, placed.event);
    const expected = rules.flatMap((rule, index) => (interpret(rule.condition, record) ? [index] : []));
    const shown = JSON.stringify(each, (_, value) => (typeof value === 'bigint' ? `${value}` : value));
    assert.deepEqual(module.evaluate(placed.event, placed.end), expected, shown);
    matches += expected.length;
  }
  return matches;
}

test(`verdicts of ${RULES} rules that are looked up are the interpreter's (seed ${SEED})`, async () => {
  const conditions = fc.sample(condition, { numRuns: RULES, seed: SEED });
  const { plan } = translateRules(rulesOf(conditions));
  const indexed = plan.groups.map(({ indexes }) => indexes.reduce((sum, { members }) => sum + members.size, 0));
  assert.ok(Math.max(...indexed) > RULES / 5, `${indexed.join()} rules are looked up`);
  assert.deepEqual([...new Set(plan.candidates.indexes.map(({ anywhere }) => anywhere))].sort(), [false, true]);
  assert.ok(plan.groups.some(({ indexes }) => indexes.some(({ anywhere }) => anywhere)));
  const matches = await compare(conditions, fc.sample(event, { numRuns: EVENTS, seed: SEED }));
  assert.ok(matches > EVENTS, `${matches} matches`);
});

test('texts are found wherever they stand: at both ends, across blocks of 16 bytes, twice, within each other', async () => {
  const wanted = ['key', 'keys', 'eys-', '-key-', 'a-text-of-more-than-16-bytes', 'byt', '\u00e9\u00e8', 'zzz'];
  const conditions = wanted.flatMap((text) => [
    `evt.type = open and fd.name contains "${text}"`,
    `evt.type = open and proc.cmdline contains "${text}"`,
    `evt.type = open and (fd.name startswith "${text}" or fd.name contains "${text}-")`,
  ]);
  const { plan } = translateRules(rulesOf(conditions));
  const sizes = plan.groups.flatMap(({ indexes }) => indexes.map(({ anywhere, members }) => anywhere && members.size));
  assert.deepEqual(sizes, [16]);
  const around = ['', 'k', 'ke', 'x'.repeat(12), 'y'.repeat(13), 'z'.repeat(14), 'k'.repeat(31), 'key'.repeat(40)];
  const texts = around.flatMap((before) =>
    ['', ...wanted, 'ke', 'kez', 'kékey'].flatMap((text) =>
      ['', 's', '-', 'x'.repeat(40)].map((after) => before + text + after),
    ),
  );
  const events = texts.map(
    (text): RandomEvent => ({
      type: 'open',
      members: { kind: 0x66, name: text },
      chain: [{ members: { comm: 'cat' }, words: ['cat', text] }],
      container: false,
    }),
  );
  const matches = await compare(conditions, events);
  assert.ok(matches > 1000, `${matches} matches`);
});

test('a process is asked for no words of rules but those that its texts are about', async () => {
  const conditions = Array.from({ length: 640 }, (_, n) =>
    n % 2 === 0
      ? `evt.type = open and proc.name = daemon-${n}`
      : `evt.type = open and proc.cmdline contains "--key-${n}="`,
  );
  const module = await RuleModule.of(rulesOf([...conditions, 'evt.type = open and user.uid = 0']));
  const asked = (words: readonly string[]): readonly number[] => {
    const image = module.records.image({ comm: words[0] ?? '', uid: 1 }, words);
    return module.wordsAsked(image);
  };
  assert.deepEqual(asked(['daemon-1', '--key-2=']), [10]);
  assert.deepEqual(asked(['daemon-640', '--key=1']), [10]);
  assert.deepEqual(asked(['daemon-2', '--key-131=x']), [0, 2, 10]);
});

test('constants that are each the beginning of the next, or of very many, compile and match', async () => {
  const chain = Array.from({ length: 150 }, (_, n) => `evt.type = open and fd.name startswith /${'a/'.repeat(n)}`);
  const crowd = Array.from({ length: 150 }, (_, n) => `evt.type = open and fd.name startswith /crowd/${n}`);
  const open = (path: string): RandomEvent => ({
    type: 'open',
    members: { kind: 0x66, name: path },
    chain: [{ members: { comm: 'cat' }, words: ['cat'] }],
    container: false,
  });
  const paths = ['/', '/a', '/a/', `/${'a/'.repeat(75)}b`, `/${'a/'.repeat(200)}`, '/crowd/1', '/crowd/149/x', '/crow'];
  const matches = await compare([...chain, 'evt.type = open and fd.name startswith /crowd', ...crowd], paths.map(open));
  assert.ok(matches > 200, `${matches} matches`);
});

test('rules past the candidate words are looked up too', async () => {
  const { source, plan } = translateRules(
    rulesOf([
      ...Array.from({ length: 2100 }, (_, n) => `evt.type = open and fd.name startswith /usr/share/${n}/`),
      'evt.type = open and proc.name = cat',
    ]),
  );
  assert.equal(plan.groups[0]?.indexes[0]?.members.size, 2100);
  assert.match(source, /let word32: u64 = 0x10+;/);
});
