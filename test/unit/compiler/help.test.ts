// The help that errors in rule files come with: it leads to a rule that loads.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadRules } from '../../../host/compiler/rules/load.ts';
import { FIELD_SYNONYMS } from '../../../host/diagnostics/field-synonyms.ts';
import { resolveField } from '../../../host/schema/fields/index.ts';

function rule(condition: string, { name = 'r1', output = 'seen' } = {}): string {
  return `- rule: ${name}\n  desc: d\n  condition: ${condition}\n  output: ${JSON.stringify(output)}\n  priority: NOTICE\n`;
}

function load(...texts: readonly string[]) {
  return loadRules(texts.map((text, index) => ({ name: `${index}.yaml`, text })));
}

/** The help of the first error. */
function help(...texts: readonly string[]): string | undefined {
  return load(...texts).errors[0]?.help;
}

/** Line, code and help of each warning but two that say nothing of mistakes. */
function warnings(...texts: readonly string[]): string[] {
  const plain = new Set(['LOAD_DEPRECATED_ITEM', 'LOAD_NO_EVTTYPE']);
  return load(...texts)
    .warnings.filter(({ code }) => !plain.has(code))
    .map((found) => `${found.line} ${found.code} ${found.help}`);
}

test('a label after a dot belongs in brackets', () => {
  const cases = [
    ['k8s.pod.label.role', 'k8s.pod.label[role]'],
    ['k8s.pod.label.app.name', 'k8s.pod.label[app.name]'],
    ['k8s.ns.label.team', 'k8s.ns.label[team]'],
    ['container.label.role', 'container.label[role]'],
    ['proc.env.HOME', 'proc.env[HOME]'],
  ] as const;
  for (const [written, meant] of cases) {
    assert.equal(help(rule(`evt.type = open and ${written} = x`)), `did you mean ${meant}?`);
    assert.deepEqual(load(rule(`evt.type = open and ${meant} = x`)).errors, []);
  }
  assert.equal(
    help(rule('evt.type = open', { output: 'seen %k8s.pod.label.role' })),
    'did you mean %k8s.pod.label[role]?',
  );
});

test('a field that needs an argument is shown with one', () => {
  assert.equal(help(rule('evt.type = open and container.mount = x')), 'write container.mount[NAME]');
  assert.equal(help(rule('evt.type = open and k8s.pod.label = x')), 'write k8s.pod.label[NAME]');
  assert.equal(help(rule('evt.type = open and k8s.pod.labl = x')), 'did you mean k8s.pod.label[NAME]?');
  assert.equal(help(rule('evt.type = open and evt.arg = x')), 'write evt.arg.NAME');
});

test('what a name means comes before what is spelt like it', () => {
  const cases = [
    ['fd.dip', 'fd.sip'],
    ['fd.dport', 'fd.sport'],
    ['fd.path', 'fd.name'],
    ['user.gid', 'group.gid'],
    ['pod.name', 'k8s.pod.name'],
    ['proc.user', 'user.name'],
    ['proc.command', 'proc.cmdline'],
    ['proc.parent.name', 'proc.pname'],
    ['container.image.name', 'container.image.repository'],
    ['k8s.namespace', 'k8s.ns.name'],
    ['k8s.ns_name', 'k8s.ns.name'],
    ['container_id', 'container.id'],
    ['pod_name', 'k8s.pod.name'],
    ['proc.nmae', 'proc.name'],
  ] as const;
  for (const [written, meant] of cases) {
    assert.equal(help(rule(`evt.type = open and ${written} = x`)), `did you mean ${meant}?`, written);
  }
});

test('every synonym leads from no field to a field', () => {
  for (const [written, meant] of FIELD_SYNONYMS) {
    assert.equal(resolveField(written).ok, false, written);
    assert.equal(resolveField(meant).ok, true, meant);
  }
});

test('values of a list without parentheses', () => {
  const told = 'several values stand in parentheses: `in (bash, sh)`';
  assert.equal(help(rule('evt.type = open and proc.name in bash, sh')), told);
  assert.equal(help(rule('evt.type = open and proc.name = bash, sh')), told);
});

test('a change of a rule that does not say how it changes', () => {
  const change = '- rule: r1\n  exceptions: [{name: e, fields: [proc.name], values: [[a]]}]\n';
  const earlier = rule('evt.type = open');
  assert.equal(help(earlier + change), 'to change the earlier rule, add `override: {exceptions: append}`');
  assert.equal(help(`${earlier}- rule: r1\n`), 'add `enabled:` to this item');
  const both = 'add `override: {enabled: replace, exceptions: append}`';
  assert.deepEqual(warnings(`${earlier}${change}  enabled: true\n`), [`7 WASPREY_KEY_IGNORED ${both}`]);
  const meant = load(`${earlier}${change}  enabled: true\n  override: {enabled: replace, exceptions: append}\n`);
  assert.deepEqual(meant.rules[0]?.exceptionNames, ['e']);
  const old = `${earlier}- rule: r1\n  append: true\n  condition: and proc.name = a\n  tags: [a]\n`;
  assert.deepEqual(warnings(old), ['9 WASPREY_KEY_IGNORED write `override: {condition: append, tags: append}`']);
});

test("macros and lists of Falco's own files", () => {
  assert.equal(
    help(rule('spawned_process and evt.type = execve')),
    "Falco's falco_rules.yaml defines it, and goes first: `wasprey validate falco_rules.yaml 0.yaml`",
  );
  const uses = rule('evt.type = execve and proc.name in (shell_binaries)');
  assert.deepEqual(warnings(uses), ["3 WASPREY_UNKNOWN_LIST Falco's falco_rules.yaml defines it, and goes first"]);
  assert.deepEqual(warnings(`- list: shell_binaries\n  items: [sh]\n${uses}`), []);
});

test('a misspelt list', () => {
  const list = '- list: our_shells\n  items: [sh]\n';
  const uses = (values: string) =>
    warnings(`${list}${rule(`evt.type = open and proc.name in (our_shells, ${values})`)}`);
  assert.deepEqual(uses('our_shels'), ['5 WASPREY_UNKNOWN_LIST did you mean our_shells?']);
  assert.deepEqual(uses('"our_shels", some_tool, sh'), []);
});

test('what stands twice', () => {
  const twice = rule('evt.type = open');
  assert.deepEqual(warnings(`${twice}  priority: ERROR\n`), ['6 WASPREY_KEY_IGNORED remove one of them']);
  assert.equal(load(`${twice}  priority: ERROR\n`).rules[0]?.priority, 'Notice');
  const exception = '  exceptions: [{name: e, fields: [proc.name], values: [[a]], values: [[b]]}]\n';
  assert.deepEqual(warnings(twice + exception), ['6 WASPREY_KEY_IGNORED remove one of them']);
  const told = 'WASPREY_DEFINED_TWICE give one of them another name, or use `override` to change what was defined';
  assert.deepEqual(warnings(twice + twice), [`6 ${told}`]);
  // Users replace rules of other files.
  assert.deepEqual(warnings(twice, twice), []);
});

test('a missing dash', () => {
  const [first, second] = [rule('evt.type = open'), rule('evt.type = open', { name: 'r2' })];
  const told = 'every item begins with a dash: `- rule: ...`';
  assert.deepEqual(warnings(`${first}${second.replace('- rule', '  rule')}`), [`6 WASPREY_KEY_IGNORED ${told}`]);
  assert.equal(help(`${first}\n${second.replace('- rule', 'rule').replaceAll('\n  ', '\n')}`), told);
  const macro = `- macro: m\n  condition: evt.type = open\n${first.replace('- rule', '  rule').replace('evt.type = open', 'm')}`;
  assert.ok(warnings(macro).includes(`3 LOAD_UNKNOWN_KEY ${told}`));
  assert.deepEqual(warnings('- rul: r1\n  desc: d\n'), ['1 LOAD_UNKNOWN_ITEM did you mean `- rule: ...`?']);
  assert.deepEqual(warnings(`${first}  tgas: [a]\n`), ['6 LOAD_UNKNOWN_KEY did you mean `tags`?']);
});

test('values that need quotes', () => {
  const output = (text: string) => help(rule('evt.type = open').replace('"seen"', text));
  assert.equal(output('seen: %proc.name'), 'a value with a colon and a blank in it needs quotes: `output: "..."`');
  assert.equal(output('%proc.name seen'), 'a value that begins with % needs quotes: `output: "%..."`');
});

test('names in overrides and exceptions', () => {
  const earlier = `${rule('evt.type = open')}  exceptions: [{name: tools, fields: [proc.name]}]\n`;
  const change = (keys: string) => help(`${earlier}- rule: r1\n  ${keys}\n`);
  assert.equal(change('override: {prioritiy: replace}'), 'did you mean `priority`?');
  const append = (name: string) =>
    change(`exceptions: [{name: ${name}, values: [[a]]}]\n  override: {exceptions: append}`);
  assert.equal(append('tolos'), 'did you mean tools?');
  const field = rule('evt.type = open').concat('  exceptions: [{name: tools, fields: [fd.nme]}]\n');
  assert.equal(help(field), 'did you mean fd.name?');
  assert.equal(
    append('other'),
    'the rule has no exception other yet (it has tools): a new one needs `fields: [proc.name, ...]`',
  );
});

test('a macro in its own condition', () => {
  assert.equal(
    help(`- macro: hello\n  condition: hello and evt.type = open\n${rule('hello')}`),
    'a macro cannot stand in its own condition: to add to an earlier one, use `override: {condition: append}`',
  );
});
