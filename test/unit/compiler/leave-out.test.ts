// Rule files without what is invalid in them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { leaveOutInvalid } from '../../../host/compiler/rules/leave-out.ts';
import { loadRules } from '../../../host/compiler/rules/load.ts';

const rule = (name: string, condition: string): string =>
  `- rule: ${name}\n  desc: d\n  condition: ${condition}\n  output: o\n  priority: INFO\n`;

/** Names of the rules that remain, and the errors with their lines. */
function remaining(...texts: string[]): { rules: string[]; errors: string[] } {
  const { files, errors } = leaveOutInvalid(texts.map((text, index) => ({ name: `${index}.yaml`, text })));
  const { successful, rules } = loadRules(files);
  assert.ok(successful);
  for (const [index, { text }] of files.entries()) {
    if (text !== '')
      assert.equal(text.split('\n').length, texts[index]?.split('\n').length, 'lines stay where they are');
  }
  return {
    rules: rules.map(({ name }) => name),
    errors: errors.map(({ file, line, code }) => `${file}:${line} ${code}`),
  };
}

test('valid files stay as they are', () => {
  const files = [{ name: 'a.yaml', text: rule('A', 'evt.type = open') }];
  const { files: kept, errors } = leaveOutInvalid(files);
  assert.deepEqual({ files: kept, errors }, { files, errors: [] });
});

test('an invalid rule is left out, also if it is the first, the last, or in flow style', () => {
  const invalid = rule('Invalid', 'no.such = 1');
  const valid = rule('Valid', 'evt.type = open');
  for (const text of [invalid + valid, valid + invalid, `${valid}\n# a comment\n\n${invalid}`]) {
    assert.deepEqual(remaining(text).rules, ['Valid'], text);
  }
  const flow = (name: string, condition: string): string =>
    `{rule: ${name}, desc: d, condition: ${condition}, output: o, priority: INFO}`;
  assert.deepEqual(remaining(`[${flow('A', 'no.such = 1')}, ${flow('B', 'evt.type = open')}]`), {
    rules: ['B'],
    errors: ['0.yaml:1 LOAD_ERR_COMPILE_CONDITION'],
  });
});

test('what needs a part that is left out is left out, too', () => {
  const macro = '- macro: broken\n  condition: fd.nam = x\n';
  const appended = '- rule: Uses it\n  condition: and evt.dir = <\n  override: {condition: append}\n';
  const { rules, errors } = remaining(
    `${macro}${rule('Uses it', 'broken')}${rule('Other', 'evt.type = open')}`,
    appended,
  );
  assert.deepEqual(rules, ['Other']);
  assert.deepEqual(
    errors.map((error) => error.split(' ')[0]),
    ['0.yaml:2', '0.yaml:5', '1.yaml:1'],
  );
});

test('an anchor that is left out takes the items with it that use it, and no others', () => {
  const texts = [
    '- macro: &name broken\n  condition: no.such = 1\n',
    rule('Valid', 'evt.type = open'),
    '- list: uses\n  items: [*name]\n',
    rule('Also valid', 'evt.type = close'),
  ];
  assert.deepEqual(remaining(texts.join('')).rules, ['Valid', 'Also valid']);
});

test('macros that nest too deeply are an error where they are used', () => {
  const macros = Array.from({ length: 25 }, (_, index) => {
    const inner = index === 0 ? 'evt.type = open' : `m${index - 1}`;
    return `- macro: m${index}\n  condition: ${'(fd.name = a or (fd.name = b and '.repeat(30)}${inner}${'))'.repeat(30)}\n`;
  });
  const { rules, errors } = remaining(`${macros.join('')}${rule('Deep', 'm24')}`, rule('Valid', 'evt.type = open'));
  assert.deepEqual(rules, ['Valid']);
  assert.match(errors[0] ?? '', /^0\.yaml:18 /);
});

test('a file that is no YAML, and one without a sequence, are left out whole', () => {
  const { rules, errors } = remaining('- rule: [\n', 'rule: x\n', rule('Valid', 'evt.type = open'));
  assert.deepEqual(rules, ['Valid']);
  assert.equal(errors.length, 2);
});

test('an invalid override leaves the rule as it was', () => {
  const override = '- rule: Valid\n  priority: LOUD\n  override: {priority: replace}\n';
  assert.deepEqual(remaining(rule('Valid', 'evt.type = open'), override).rules, ['Valid']);
});

test('property: ends for any text, with files that load', () => {
  const pieces = fc.constantFrom(
    rule('A', 'evt.type = open'),
    rule('B', 'm'),
    rule('C', 'no.such = 1'),
    '- macro: m\n  condition: evt.type = open\n',
    '- macro: m\n  condition: no.such = 1\n',
    '- list: l\n  items: [a]\n',
    '- rule: A\n  condition: and (\n  override: {condition: append}\n',
    '- rule: &anchor A\n',
    '- *anchor\n',
    '- required_engine_version: 999\n',
    '- ~\n',
    '---\n',
    '\t- x\n',
    ': : [\n',
    '{}\n',
  );
  fc.assert(
    fc.property(fc.array(fc.array(pieces, { maxLength: 6 }), { minLength: 1, maxLength: 3 }), (files) => {
      remaining(...files.map((parts) => parts.join('')));
    }),
    { numRuns: 200 },
  );
});
