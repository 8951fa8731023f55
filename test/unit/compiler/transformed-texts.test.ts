// Transformers of lists and of texts in pieces: conditions and outputs come to the same value, and absent parts make the whole absent.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileModule, translateRules } from '../../../host/compiler/compile.ts';
import { operandOrNothing } from '../../../host/compiler/conditions/operand-parser.ts';
import { valueText } from '../../../host/fields/text.ts';
import { decode, encode, type FieldValue, text } from '../../../host/fields/value.ts';
import { operandValue } from '../../../host/outputs/transform.ts';
import { GivenModule } from '../../../host/rule-tests/given-module.ts';
import { TEST_MODULES } from '../../support/module-cache.ts';
import { RuleModule, rulesOf } from '../../support/records/rule-module.ts';

const FIELDS: Readonly<Record<string, string>> = {
  'proc.name': 'Cat',
  'proc.pname': '/usr/bin/Bash',
  'proc.cwd': '/a/',
  'proc.pexe': 'aGVsbG8=',
};
const TYPES = ['file', 'Ipv4', 'a/b'];

/** What an output prints for each; undefined: it is absent. */
const OPERANDS: readonly (readonly [string, string | undefined])[] = [
  ['join("-", fd.types)', 'file-Ipv4-a/b'],
  ['join("-", tolower(basename(fd.types)))', 'file-ipv4-b'],
  ['join(join("-", fd.types), (proc.name, "z"))', 'Catfile-Ipv4-a/bz'],
  ['join(proc.name, fd.types)', 'fileCatIpv4Cata/b'],
  ['concat("x", join("-", fd.types), proc.name)', 'xfile-Ipv4-a/bCat'],
  ['join(proc.exepath, ())', undefined],
  ['join(proc.exepath, (proc.name))', undefined],
  ['join(proc.exepath, fd.types)', undefined],
  ['join("-", (proc.name, proc.exepath))', undefined],
  ['basename(concat(proc.pname, proc.name))', 'BashCat'],
  ['basename(concat(proc.name, proc.cwd, "z"))', 'z'],
  ['basename(concat(proc.cwd, proc.cwd))', ''],
  ['basename(join("/", (proc.name, proc.name)))', 'Cat'],
  ['basename(concat(proc.name, "-", proc.name))', 'Cat-Cat'],
  ['toupper(basename(concat(proc.pname, "/x/", proc.name)))', 'CAT'],
  ['basename(concat(proc.exepath, "/", proc.name))', undefined],
  ['len((proc.exepath, "z"))', undefined],
  ['tolower((proc.exepath, "z"))', undefined],
  ['b64(concat("aGVs", "bG8="))', 'hello'],
  ['b64(join("", (proc.pexe)))', 'hello'],
  ['b64(join("", (proc.exepath)))', undefined],
];

function lookUp(key: string): FieldValue | undefined {
  if (key === 'fd.types') return { kind: 'list', items: TYPES.map(encode) };
  const value = FIELDS[key];
  return value === undefined ? undefined : text(value);
}

test('outputs and conditions transform lists and texts in pieces alike', async () => {
  for (const [written, expected] of OPERANDS) {
    const operand = operandOrNothing(written);
    assert.ok(operand, written);
    const value = operandValue(operand, lookUp);
    assert.equal(value && decode(valueText(value)), expected, written);
  }
  const conditions = OPERANDS.map(([written, value]) =>
    value === undefined ? `not ${written} exists` : `${written} = "${value}"`,
  );
  const compiled = await compileModule(rulesOf(conditions), {
    fields: 'given',
    cacheDirectory: TEST_MODULES,
    inThisProcess: true,
  });
  const fields = new Map<string, string | string[]>([...Object.entries(FIELDS), ['fd.types', TYPES]]);
  const matches = new GivenModule(compiled).evaluate({ fields, parameters: [] });
  assert.deepEqual(
    conditions.filter((_, index) => !matches.includes(index)),
    [],
  );
});

test('a list with an absent item is absent, and so meets no other', async () => {
  const conditions = [
    'tolower((proc.exepath, proc.name)) intersects (cat)',
    'tolower((proc.name)) intersects tolower((proc.exepath, proc.name))',
    'tolower((proc.name)) intersects tolower((proc.pname, proc.name))',
    'tolower((proc.name)) in tolower((proc.pname, proc.name))',
    'len((proc.name, "z")) = 2',
  ];
  const compiled = await compileModule(rulesOf(conditions), {
    fields: 'given',
    cacheDirectory: TEST_MODULES,
    inThisProcess: true,
  });
  const matches = new GivenModule(compiled).evaluate({ fields: new Map(Object.entries(FIELDS)), parameters: [] });
  assert.deepEqual(matches, [2, 3, 4]);
});

test('each item of a list is transformed in outputs', () => {
  const operand = operandOrNothing('toupper(basename(fd.types))');
  assert.ok(operand);
  const value = operandValue(operand, lookUp);
  assert.deepEqual(value?.kind === 'list' && value.items.map(decode), ['FILE', 'IPV4', 'B']);
});

test('what a field reads by default is transformed as its value is', async () => {
  // A name without a slash has no part before the last one: the default is the root.
  const conditions = [
    'fd.directory = /',
    'basename(fd.directory) = ""',
    'len(fd.directory) = 1',
    'concat(fd.directory, proc.name) = /program',
    'join(fd.directory, ("a", "b")) = a/b',
    'basename(concat(fd.directory, proc.name)) = program',
    'join("-", basename((fd.directory, "b/c"))) = -c',
  ];
  const module = await RuleModule.of(rulesOf(conditions.map((condition) => `evt.type = openat and ${condition}`)));
  const image = module.records.image({ comm: 'program' }, ['program']);
  module.setCandidates(image);
  for (const name of ['/x', 'x']) {
    const from = module.records.end;
    module.records.event('openat', image, { name });
    assert.deepEqual(module.evaluate(from, module.records.end), [...conditions.keys()], name);
  }
});

test('values that have many cases each are not combined without a bound', () => {
  const last = (index: number) => `basename(concat(proc.env[A${index}], proc.env[B${index}]))`;
  const all = (count: number) => Array.from({ length: count }, (_, index) => last(index)).join(', ');
  const warnings = (condition: string) =>
    translateRules(rulesOf([`evt.type = openat and ${condition}`])).diagnostics.map(({ message }) => message);
  assert.deepEqual(warnings(`concat(${all(4)}) = x`), []);
  const variables = Array.from({ length: 300 }, (_, index) => `proc.env[V${index}]`).join(', ');
  for (const made of [`concat(${all(12)})`, `join("/", (${all(12)}))`, `basename(concat(${variables}))`])
    assert.match(warnings(`${made} = x`).join(), /of values with so many cases is not supported/);
  assert.match(
    warnings(`concat(${all(3)}) = concat(${all(4)})`).join(),
    /comparing values with so many cases is not supported/,
  );
});

test('comparisons of constants are decided on given events as well', async () => {
  const conditions: readonly (readonly [string, boolean])[] = [
    ['len("abc") = 3', true],
    ['len("abc") > 3', false],
    ['len((proc.cwd, proc.cwd)) < len((proc.cwd, proc.cwd))', false],
    ['concat("b", "c") contains oneof ("x", "y")', false],
    ['concat("b", "c") contains oneof ("x", "c")', true],
    ['getopt(("-a", "b"), "a:")[a] = oneof (b, b)', false],
    ['proc.name = Cat and len("abc") != 3', false],
  ];
  const compiled = await compileModule(rulesOf(conditions.map(([condition]) => condition)), {
    fields: 'given',
    cacheDirectory: TEST_MODULES,
    inThisProcess: true,
  });
  const matches = new GivenModule(compiled).evaluate({ fields: new Map(Object.entries(FIELDS)), parameters: [] });
  assert.deepEqual(
    conditions.map(([condition], rule) => [condition, matches.includes(rule)]),
    conditions,
  );
});

test('what has several values within a transformer is refused by name, and breaks nothing', () => {
  const messages = (condition: string, fields: 'record' | 'given') => {
    const { diagnostics } = translateRules(rulesOf([`evt.type = execve and ${condition}`]), { fields });
    return diagnostics.map(({ message }) => message).join();
  };
  for (const condition of [
    'len((proc.aname, proc.name)) = 2',
    'tolower((proc.aname)) in (bash)',
    'concat(proc.aname, "x") = bashx',
    'join(proc.aname, (proc.name)) = x',
    'tolower((proc.name)) in tolower((proc.aname))',
  ]) {
    for (const fields of ['record', 'given'] as const)
      assert.match(messages(condition, fields), /^proc\.aname of all ancestors .* write proc\.aname\[1\]/, condition);
  }
  for (const name of ['tolower', 'toupper', 'basename', 'b64']) {
    const options = `${name}((proc.name, getopt((proc.args), "ab:"))) in (a)`;
    assert.match(messages(options, 'record'), /of a list within a list is not supported/, name);
    assert.match(messages(`${name}((fd.types)) in (a)`, 'given'), /of a list within a list is not supported/, name);
  }
  for (const condition of [
    'join(",", (container.env_names, proc.name)) = x',
    'join(container.env_names, (proc.name)) = x',
  ])
    assert.match(messages(condition, 'record'), /^join\(\) of a list within a list is not supported/, condition);
});

test('evt.abspath is the path of calls with a directory descriptor, and of no others', async () => {
  const module = await RuleModule.of(rulesOf(['evt.abspath.src = /a/x', 'evt.abspath.dst = /a/x']));
  const image = module.records.image({ comm: 'program' }, ['program']);
  module.setCandidates(image);
  const matches = (type: string, texts: Readonly<Record<string, string>>): number[] => {
    const from = module.records.end;
    module.records.event(type, image, texts);
    return module.evaluate(from, module.records.end);
  };
  for (const type of ['openat', 'openat2', 'unlinkat', 'mkdirat', 'fchmodat'])
    assert.deepEqual(matches(type, { name: '/a/x' }), [0, 1], type);
  for (const type of ['open', 'unlink', 'mkdir', 'chmod']) assert.deepEqual(matches(type, { name: '/a/x' }), [], type);
  for (const type of ['renameat2', 'linkat'])
    assert.deepEqual(matches(type, { old_name: '/a/x', new_name: '/b' }), [0]);
  assert.deepEqual(matches('symlinkat', { old_name: '/b', new_name: '/a/x' }), [0, 1]);
  assert.deepEqual(matches('rename', { old_name: '/a/x', new_name: '/a/x' }), []);
});
