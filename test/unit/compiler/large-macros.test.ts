// Macros that use macros: a condition is measured with them before anything of its size is made, and one that is too large is an error at
// its place.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { translateRules } from '../../../host/compiler/compile.ts';
import { leaveOutInvalid } from '../../../host/compiler/rules/leave-out.ts';
import { loadRules } from '../../../host/compiler/rules/load.ts';
import { ruleSourceOf } from '../../../host/compiler/rules/rule.ts';

const rule = (name: string, condition: string): string =>
  `- rule: ${name}\n  desc: d\n  condition: ${condition}\n  output: o\n  priority: INFO\n`;

/** Macros m0 to m`count`, each made from the one before it, and a rule of the last one. */
function chain(count: number, first: string, next: (before: string, number: number) => string): string {
  const macros = Array.from(
    { length: count },
    (_, index) => `- macro: m${index + 1}\n  condition: ${next(`m${index}`, index + 1)}\n`,
  );
  return `- macro: m0\n  condition: ${first}\n${macros.join('')}${rule('Large', `evt.type = open and m${count}`)}`;
}

const LINEAR = (before: string, number: number): string => `${before} or proc.name = a${number}`;
const DOUBLING = (before: string, number: number): string => `(${before} and fd.name = /b${number}) or ${before}`;

const filesOf = (text: string) => [{ name: 'macros.yaml', text }];

/** The errors as the commands show them; the same, but for the help, as the agent leaves them out. */
function errorsOf(text: string): string[] {
  const { errors } = loadRules(filesOf(text), { everyError: true });
  assert.deepEqual(loadRules(filesOf(text)).errors, errors.slice(0, 1));
  return errors.map(({ line, column, message, help }) => `${line}:${column} ${message} | ${help}`);
}

const TOO_DEEP =
  'condition nests more than 500 levels deep | write it flat, `a or b or c`: each `(a or b) or c` is a level, also where the part in brackets is a macro';
const TOO_LARGE =
  'condition has more than 16,777,216 characters with its macros; each level of nesting counts its text again | ' +
  'refer to a macro once instead of several times, and write many values as one list, with `in` or `pmatch`';

test('a chain of macros nests up to 500 levels deep; beyond, the macro with which it is too deep is shown', () => {
  assert.deepEqual(errorsOf(chain(499, 'proc.name = a0', LINEAR)), []);
  assert.deepEqual(errorsOf(chain(3000, 'proc.name = a0', LINEAR)), [`1004:14 ${TOO_DEEP}`]);
});

test('names for other macros add no level: 3,000 of them are compiled', () => {
  const { rules, errors } = loadRules(filesOf(chain(3000, 'proc.name = a0', (before) => before)));
  assert.deepEqual(errors, []);
  const { source, diagnostics } = translateRules(rules.map(ruleSourceOf));
  assert.deepEqual(diagnostics, []);
  assert.match(source, /a0/);
});

test('a chain that doubles 60 times is an error, within milliseconds', () => {
  const text = chain(60, 'proc.name = a0', DOUBLING);
  const began = process.threadCpuUsage();
  const errors = errorsOf(text);
  const { user, system } = process.threadCpuUsage(began);
  assert.equal(errors.length, 1);
  assert.match(errors[0] ?? '', /^30:15 /);
  assert.ok(errors[0]?.endsWith(TOO_LARGE), errors[0]);
  assert.ok(user + system < 500_000, `${(user + system) / 1000} ms`);
});

test('macros that are defined backwards are measured, too', () => {
  const names = Array.from({ length: 3000 }, (_, index) => index);
  const first = names.map((number) => `- macro: m${number}\n  condition: proc.name = a\n`);
  const second = (condition: (number: number) => string): string =>
    names.map((number) => `- macro: m${number}\n  condition: ${condition(number)}\n`).join('');
  const backwards = (condition: (number: number) => string): string =>
    `${first.join('')}- macro: m3000\n  condition: proc.name = b\n${second(condition)}${rule('Large', 'evt.type = open and m0')}`;
  const deep = errorsOf(backwards((number) => `m${number + 1} or proc.pname = ${number}`));
  assert.match(deep[0] ?? '', /nests more than 500 levels deep/);
  const large = errorsOf(backwards((number) => `m${number + 1} or proc.pname = ${number} or not m${number + 1}`));
  assert.match(large[0] ?? '', /nests more than 500 levels deep|more than 16,777,216 characters/);
});

test('the rest of the rules is kept where what is invalid is left out, and each item has its reason', () => {
  const text = `${rule('Before', 'evt.type = open')}${chain(600, 'proc.name = a0', LINEAR)}${rule('After', 'evt.type = open and m3')}`;
  const { result, errors } = leaveOutInvalid(filesOf(text));
  assert.deepEqual(
    result.rules.map(({ name }) => name),
    ['Before', 'After'],
  );
  // m501 to m600, and the rule.
  assert.equal(errors.length, 101);
  assert.match(errors[0]?.message ?? '', /nests more than 500 levels deep/);
  for (const { message } of errors.slice(1)) assert.match(message, /^Undefined macro 'm\d+' used in filter\.$/);
});

test('a macro that was defined before is used again where its new definition is left out', () => {
  const text = `- macro: m\n  condition: proc.name = a\n- macro: m\n  condition: m1 or x\n${rule('R', 'evt.type = open and m')}`;
  const { result, errors } = leaveOutInvalid(filesOf(text));
  assert.deepEqual(
    result.rules.map(({ name }) => name),
    ['R'],
  );
  assert.equal(errors.length, 1);
});

test('all rules together: the one with which they are too large is shown, and smaller ones are taken after it', () => {
  const half = chain(12, 'proc.name = a0', DOUBLING);
  const text = `${half}${rule('Second', 'evt.type = openat and m12')}${Array.from({ length: 20 }, (_, number) =>
    rule(`More ${number}`, 'evt.type = openat and m12'),
  ).join('')}${rule('Small', 'evt.type = openat and m1')}`;
  const { result, errors } = leaveOutInvalid(filesOf(text));
  assert.ok(errors.length > 0);
  for (const { message, help } of errors) {
    assert.match(
      message,
      /^the rules up to this one have more than 16,777,216 characters with their macros; each level of nesting counts its text again$/,
    );
    assert.match(help ?? '', /macros/);
  }
  assert.ok(result.rules.some(({ name }) => name === 'Small'));
});

test('all texts together: a long list that many conditions have', () => {
  const items = Array.from({ length: 80_000 }, (_, index) => `/path/${index}`).join(', ');
  const text = `- list: long\n  items: [${items}]\n${Array.from({ length: 5 }, (_, number) =>
    rule(`R${number}`, 'evt.type = open and fd.name in (long)'),
  ).join('')}`;
  const [error, ...others] = loadRules(filesOf(text), { everyError: true }).errors;
  assert.deepEqual(others, []);
  assert.match(
    error?.message ?? '',
    /^the conditions up to this one have more than 4,194,304 characters with their lists$/,
  );
});

test('conditions on all event types: the rule and what to do are named', () => {
  const checks = Array.from({ length: 20 }, (_, index) => `fd.name contains /path/${index}`).join(' or ');
  const text = Array.from({ length: 600 }, (_, number) =>
    rule(`R${number}`, `(${checks}) and proc.name = ${number}`),
  ).join('');
  const { rules, errors } = loadRules(filesOf(text));
  assert.deepEqual(errors, []);
  const [diagnostic, ...others] = translateRules(rules.map(ruleSourceOf)).diagnostics;
  assert.deepEqual(others, []);
  assert.equal(diagnostic?.code, 'rules-too-large');
  assert.match(
    diagnostic.message,
    /^the rules are too large: [\d,]+ characters of conditions, .* \(begin conditions with evt\.type\)\. /,
  );
  const kept = rules.filter((_, index) => index !== diagnostic.rule && !diagnostic.others?.includes(index));
  assert.ok(kept.length > 0);
  const left = translateRules(kept.map(ruleSourceOf)).diagnostics.map(({ message }) => message);
  assert.doesNotMatch(left.join(), /characters of conditions/);
});

test('an error in a macro says how the rule comes to it', () => {
  const text = chain(11, 'no.such = a', (before, number) =>
    number === 11 ? `m2 or ${before}` : `${before} or proc.name = b`,
  );
  const [error] = loadRules(filesOf(text)).errors;
  assert.equal(error?.line, 2);
  assert.deepEqual(error.notes, ['in macro m0, used by macro m1, used by macro m2, used by macro m11']);
  const [deep] = loadRules(filesOf(chain(20, 'no.such = a', LINEAR))).errors;
  assert.match(deep?.notes[0] ?? '', /^in macro m0, used by macro m1, .* used by macro m7, used by 13 macros more$/);
});
