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
