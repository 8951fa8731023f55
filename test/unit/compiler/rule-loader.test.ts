// What the loader makes of rule files, beyond what the conformance corpus holds: limits, options, results.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checksOf } from '../../../host/compiler/conditions/fields-of.ts';
import { printCanonical } from '../../../host/compiler/conditions/print.ts';
import { type LoadOptions, type LoadResult, loadRules } from '../../../host/compiler/rules/load.ts';
import { renderDiagnostic } from '../../../host/diagnostics/diagnostic-text.ts';

function rule(name: string, condition: string, more = ''): string {
  return `- rule: ${name}\n  desc: what it is\n  condition: ${condition}\n  output: seen %proc.name\n  priority: NOTICE\n${more}`;
}

function load(text: string | readonly string[], options: LoadOptions = {}): LoadResult {
  const texts = typeof text === 'string' ? [text] : text;
  return loadRules(
    texts.map((each, index) => ({ name: `${index}.yaml`, text: each })),
    options,
  );
}

function codes(result: LoadResult): string[] {
  return [...result.errors, ...result.warnings].map(({ code }) => code);
}

/** The rules of a load that must have succeeded. */
function rulesOf(text: string | readonly string[], options: LoadOptions = {}) {
  const result = load(text, options);
  assert.deepEqual(
    result.errors.map(({ message }) => message),
    [],
  );
  return result.rules;
}

test('a rule comes out with all that it was given', () => {
  const [loaded] = rulesOf(
    [
      '- macro: opened\n  condition: evt.type in (opens)\n',
      '- list: opens\n  items: [open, openat]\n',
      rule(
        'Read',
        'opened and fd.name = /etc/shadow',
        '  tags: [b, a, b]\n  enabled: false\n  capture: true\n  capture_duration: 500\n' +
          '  exceptions: [{name: known, fields: proc.name, values: [sshd, login]}]\n',
      ),
    ].join(''),
  );
  assert.ok(loaded);
  const { condition, eventTypes, output, place, placeOf, ...rest } = loaded;
  assert.deepEqual(place.file.position(place.start), { line: 5, column: 3 });
  const [first] = checksOf(condition);
  assert.ok(first);
  const inMacro = placeOf(first.span, first);
  assert.deepEqual(inMacro.file.position(inMacro.start), { line: 2, column: 14 });
  assert.deepEqual(rest, {
    name: 'Read',
    description: 'what it is',
    source: 'syscall',
    priority: 'Notice',
    enabled: false,
    tags: ['a', 'b'],
    conditionText: 'opened and fd.name = /etc/shadow',
    expandedText: '(opened and fd.name = /etc/shadow) and not (proc.name in (sshd, login))',
    outputText: 'seen %proc.name',
    exceptionNames: ['known'],
    capture: true,
    captureDuration: 500,
    file: '0.yaml',
    line: 5,
  });
  assert.equal(
    printCanonical(condition),
    '((evt.type in (open, openat) and fd.name = /etc/shadow) and not proc.name in (sshd, login))',
  );
  assert.deepEqual([...eventTypes], ['open', 'openat']);
  assert.deepEqual(
    output.map(({ kind }) => kind),
    ['text', 'operand'],
  );
});

test('checks that macros brought in say which one has them in its text', () => {
  const text = '- macro: a\n  condition: evt.type = open\n- macro: b\n  condition: a or evt.type = close\n';
  const [loaded] = rulesOf(text + rule('R', 'b and proc.name = x'));
  assert.ok(loaded?.condition.kind === 'and');
  const [first, second] = loaded.condition.children;
  assert.ok(first?.kind === 'or' && second?.kind === 'check');
  assert.deepEqual(
    first.children.map((child) => child.kind === 'check' && child.macro),
    ['a', 'b'],
  );
  assert.equal(second.macro, undefined);
});

test('loading stops at the first file with an error, and what came before is reported', () => {
  const result = load([rule('A', 'evt.type = open'), 'x', rule('B', 'evt.type = open')]);
  assert.equal(result.successful, false);
  assert.deepEqual(
    result.files.map(({ name, successful }) => [name, successful]),
    [
      ['0.yaml', true],
      ['1.yaml', false],
    ],
  );
  assert.deepEqual(result.rules, []);
});

test('a later file changes what earlier rules mean', () => {
  const rules = rulesOf([
    `- list: names\n  items: [a]\n${rule('R', 'evt.type = open and proc.name in (names)')}`,
    '- list: names\n  items: [b]\n',
    '- list: names\n  items: [c]\n  override: {items: append}\n',
  ]);
  assert.deepEqual(
    rules.map(({ condition }) => printCanonical(condition)),
    ['(evt.type = open and proc.name in (b, c))'],
  );
});

test('a redefined rule keeps its place', () => {
  const text = rule('A', 'evt.type = open') + rule('B', 'evt.type = open') + rule('A', 'evt.type = close');
  assert.deepEqual(
    rulesOf(text).map(({ name, conditionText }) => [name, conditionText]),
    [
      ['A', 'evt.type = close'],
      ['B', 'evt.type = open'],
    ],
  );
});

test('rules below the minimum priority are left out unseen', () => {
  const text = `${rule('Kept', 'evt.type = open')}- rule: Low\n  desc: d\n  condition: no.field = 1\n  output: o\n  priority: DEBUG\n`;
  assert.deepEqual(
    rulesOf(text, { minimumPriority: 'Notice' }).map(({ name }) => name),
    ['Kept'],
  );
  assert.deepEqual(codes(load(text)), ['LOAD_ERR_COMPILE_CONDITION']);
});

test('another source can be provided', () => {
  const text = rule('R', 'evt.type = open', '  source: other\n');
  assert.deepEqual(codes(load(text)), ['LOAD_UNKNOWN_SOURCE']);
  assert.deepEqual(
    rulesOf(text, { sources: ['syscall', 'other'] }).map(({ source }) => source),
    ['other'],
  );
});

test('the events of a rule follow from evt.type and evt.num alone', () => {
  const cases: readonly [condition: string, types: readonly string[] | { not: readonly string[] }][] = [
    ['evt.type in (open, close) and not evt.type = close', ['open']],
    ['evt.type = open or evt.num = 0', ['open']],
    ['not (evt.type != open or proc.name = a)', ['open']],
    ['evt.type != open', { not: ['open'] }],
    ['proc.name = a', { not: [] }],
    ['not proc.name = a', { not: [] }],
    ['evt.type = open and evt.type = close', []],
    ["evt.type = ''", []],
  ];
  for (const [condition, types] of cases) {
    const [loaded] = rulesOf(rule('R', condition, '  warn_evttypes: false\n'));
    assert.ok(loaded);
    if (!('not' in types)) assert.deepEqual([...loaded.eventTypes], types, condition);
    else {
      assert.ok(loaded.eventTypes.size > 400, condition);
      for (const type of types.not) assert.ok(!loaded.eventTypes.has(type), condition);
    }
  }
});

test('a rule that reads what events lack is reported, with the reason', () => {
  const { warnings } = load(rule('R', 'evt.type = open and thread.cpu > 5 and evt.args contains x'));
  assert.deepEqual(
    warnings.map(({ code, message }) => [code, message.replace(/: it needs .*/, ': it needs ...')]),
    [
      ['WASPREY_FIELD_UNAVAILABLE', 'thread.cpu is not captured and always absent: it needs ...'],
      ['WASPREY_FIELD_UNAVAILABLE', 'evt.args is available in outputs only; a condition on it is never true'],
    ],
  );
});

test('a condition that reads home and shell of the user is not warned of', () => {
  const condition = 'evt.type = open and user.shell = /bin/sh and user.homedir startswith /home';
  assert.deepEqual(load(rule('R', condition)).warnings, []);
});

test('a rule that asks for events that are not captured gets a warning that names them', () => {
  const lists =
    '- list: waiting\n  items: [poll, ppoll]\n- macro: waits\n  condition: evt.type in (waiting, open, poll)\n';
  const told = (condition: string) =>
    load(`${lists}${rule('R', condition)}`)
      .warnings.filter(({ code }) => code === 'WASPREY_EVENT_UNAVAILABLE')
      .map((found) => renderDiagnostic(found));
  assert.deepEqual(told('waits and proc.name = x'), [
    `warning[WASPREY_EVENT_UNAVAILABLE]: poll and ppoll are not captured, so no event has these types
  --> 0.yaml:4:27
   |
 4 |   condition: evt.type in (waiting, open, poll)
   |                           ^^^^^^^
   = in rule "R"
   = note: in macro waits
   = help: \`wasprey list events\` shows the captured ones`,
  ]);
  assert.equal(told('evt.type = open or (proc.name = x and evt.type = munmap)').length, 1);
  assert.equal(told('evt.type = open and not syscall.type != prctl').length, 1);
  assert.deepEqual(told('evt.type = poll\n  enabled: false'), []);
  // What it excludes, what there is not at all, and what is captured.
  assert.deepEqual(told('evt.type != poll and not evt.type in (waiting) and evt.type = open'), []);
  assert.deepEqual(told('evt.type in (open, openat, sendmmsg)'), []);
});

test('the schema is stricter than the loader, and only told', () => {
  const strict = (text: string) => load(text).files[0]?.schema?.map(({ message, line }) => `${line}: ${message}`);
  assert.equal(strict(''), undefined);
  assert.equal(strict('# only a comment\n'), undefined);
  assert.deepEqual(strict(rule('R', 'evt.type = open')), []);
  const loose = `${rule('R', 'evt.type = open', '  enabled: yes\n  rule: S\n')}  other: x\n  override: {}\n`;
  assert.equal(load(loose).successful, true);
  assert.deepEqual(strict(loose), [
    '6: <root>[0].enabled must be true or false',
    '7: <root>[0] has the key rule more than once',
    '8: <root>[0] has an unknown key other',
    '9: <root>[0].override is empty',
  ]);
  assert.deepEqual(strict(`${rule('R', 'evt.type = open')}---\n- 5\n`), [], 'only the first document is looked at');
});

test('overrides of exceptions have the defaults of definitions', () => {
  const replaced = (exceptions: string) =>
    rule('R', 'evt.type = open', '  exceptions: [{name: a, fields: [proc.name], values: [[x]]}]\n') +
    `- rule: R\n  exceptions: [${exceptions}]\n  override: {exceptions: replace}\n`;
  const compiled = (exceptions: string) =>
    rulesOf(replaced(exceptions)).map(({ condition }) => printCanonical(condition));
  assert.deepEqual(compiled('{name: b, fields: proc.name, values: [y, z]}'), [
    '(evt.type = open and not proc.name in (y, z))',
  ]);
  assert.deepEqual(compiled('{name: b, fields: [proc.name, fd.name], values: [[y, z]]}'), [
    '(evt.type = open and not (proc.name = y and fd.name = z))',
  ]);
});

test('inputs that crash Falco are errors', () => {
  for (const text of [
    '- []\n',
    rule('R', 'evt.type = val(proc.name)'),
    rule('R', 'tolower(evt.type) = open'),
    rule('R', 'evt.type = open and tolower(proc.name, proc.pname) = x'),
    rule('R', `evt.type = open and fd.sport = ${'1'.repeat(400)}`),
  ]) {
    assert.equal(load(text).errors.length, 1, text);
  }
});

test('macros and lists that double in each step end in an error, not out of memory', () => {
  const steps = Array.from({ length: 40 }, (_, step) => step);
  const macros = steps.map((step) => {
    const previous = step === 0 ? 'evt.type = open' : `m${step - 1} or m${step - 1}`;
    return `- macro: m${step}\n  condition: ${previous}\n`;
  });
  const bomb = load(macros.join('') + rule('R', 'm39'));
  assert.match(bomb.errors[0]?.message ?? '', /more than [\d,]+ characters with its macros/);
  const lists = steps.map((step) => `- list: l${step}x\n  items: [l${step + 1}x, l${step + 1}x]\n`);
  const second = load(lists.join('') + rule('R', 'evt.type = open and proc.name in (l0x)'));
  assert.match(second.errors[0]?.message ?? '', /more than [\d,]+ characters/);
});

test('names that objects are born with are names like others', () => {
  const text =
    '- list: constructor\n  items: [x]\n- macro: toString\n  condition: proc.name in (constructor)\n' +
    rule('__proto__', 'evt.type = open and toString');
  assert.deepEqual(
    rulesOf(text).map(({ name }) => name),
    ['__proto__'],
  );
  assert.deepEqual(codes(load(rule('R', 'evt.type = open and hasOwnProperty'))), ['LOAD_ERR_VALIDATE']);
  assert.deepEqual(codes(load(rule('R', 'evt.type = open and constructor.name = 1'))), ['LOAD_ERR_COMPILE_CONDITION']);
});

test('no text makes the loader throw', () => {
  const key = fc.constantFrom(
    'rule',
    'macro',
    'list',
    'items',
    'desc',
    'condition',
    'output',
    'priority',
    'tags',
    'exceptions',
    'override',
    'append',
    'enabled',
    'name',
    'fields',
    'comps',
    'values',
    'required_engine_version',
    'required_plugin_versions',
    'source',
    'capture_duration',
    'skip-if-unknown-filter',
    'warn_evttypes',
    'other',
  );
  const value = fc.oneof(
    fc.constantFrom(
      'evt.type = open',
      'm',
      'l',
      'l in (l)',
      'proc.name in (l, x)',
      '%proc.name',
      '%',
      'INFO',
      'true',
      '~',
      '[a, [b], ~]',
      '{condition: append}',
      '{condition: replace, tags: append}',
      '[{name: e, fields: proc.name, values: [x]}]',
      '[{name: e, fields: [proc.name], comps: [in], values: [[[l]]]}]',
      '[proc.name]',
      '{a: b}',
      '3',
      '0.1.0',
      "''",
      '"a.b = \'x"',
      'not (((',
      '*a',
      '&a x',
      '!t x',
      '|\n    evt.type=open\n    or m',
    ),
    fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
  );
  const item = fc
    .array(fc.tuple(key, value), { minLength: 1, maxLength: 7 })
    .map((pairs) => `- ${pairs.map(([name, text]) => `${name}: ${text}`).join('\n  ')}\n`);
  const file = fc.oneof(
    { weight: 5, arbitrary: fc.array(item, { maxLength: 6 }).map((items) => items.join('')) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  );
  fc.assert(
    fc.property(fc.array(file, { maxLength: 3 }), (files) => {
      const result = load(files);
      assert.equal(result.successful, result.errors.length === 0);
      for (const { line, column, sourceLine, span } of [...result.errors, ...result.warnings]) {
        assert.ok(line >= 1 && column >= 1 && span.end > span.start && sourceLine !== undefined);
      }
    }),
    { numRuns: 2000 },
  );
});

test('all errors of a file that do not follow from another, or the first', () => {
  const text = [
    '- macro: broken\n  condition: evt.type = open and proc.nme =\n',
    '- macro: builds\n  condition: broken and proc.name = a\n',
    rule('On it', 'builds'),
    rule('Field', 'evt.type = open and fd.nam = x'),
    '- rule: No output\n  desc: d\n  condition: evt.type = open\n  priority: INFO\n',
    // Its rule is not there because of another error.
    '- rule: No output\n  enabled: false\n  override: {enabled: replace}\n',
    '- macro: shared\n  condition: evt.type = open and nothing = a\n',
    rule('Macro', 'nowhere'),
    rule('Good', 'evt.type = open'),
  ].join('');
  const errors = (everyError: boolean) =>
    loadRules([{ name: 'rules.yaml', text }], { everyError }).errors.map(({ line, code }) => `${line} ${code}`);
  assert.deepEqual(errors(false), ['15 LOAD_ERR_YAML_VALIDATE']);
  assert.deepEqual(errors(true), [
    '2 LOAD_ERR_COMPILE_CONDITION',
    '12 LOAD_ERR_COMPILE_CONDITION',
    '15 LOAD_ERR_YAML_VALIDATE',
    '23 LOAD_ERR_COMPILE_CONDITION',
    '26 LOAD_ERR_VALIDATE',
  ]);
});

test('a mistake in a macro is reported once, and one in a list leaves its values out of sight', () => {
  const every = (text: string) =>
    loadRules([{ name: 'rules.yaml', text }], { everyError: true }).errors.map(
      ({ line, message }) => `${line} ${message}`,
    );
  const both = rule('A', 'shared') + rule('B', 'shared and proc.name = b');
  assert.deepEqual(every(`- macro: shared\n  condition: evt.type = open and fd.nam = a\n${both}`), [
    '2 unknown field fd.nam',
  ]);
  const list = '- list: ports\n  itmes: [22]\n';
  assert.deepEqual(every(`${list}${rule('A', 'evt.type = connect and fd.sport in (ports)')}`), [
    "2 Item has no mapping for key 'items'",
  ]);
});
