// Rules with conditions on the exec session, from their text to the module: what is refused, what tools say of them, and what the manifest has.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadRuleModule } from '../../../host/agent/rule-module.ts';
import { readAlternatives } from '../../../host/agent/stored-alternatives.ts';
import { reportOn } from '../../../host/cli/reports/module-report.ts';
import { compileModule, translateRules } from '../../../host/compiler/compile.ts';
import { printCondition } from '../../../host/compiler/conditions/print.ts';
import { explainRule } from '../../../host/compiler/explain.ts';
import { lintRules } from '../../../host/compiler/lint/lint.ts';
import { ALTERNATIVES_VERSION, MANIFEST_SECTION, MANIFEST_VERSION } from '../../../host/compiler/manifest.ts';
import { loadRules } from '../../../host/compiler/rules/load.ts';
import { ruleSourceOf } from '../../../host/compiler/rules/rule.ts';
import { renderDiagnostic } from '../../../host/diagnostics/diagnostic-text.ts';
import { writeCustomSection } from '../../../host/sandbox/sections.ts';
import { FIELDS } from '../../../host/schema/fields/index.ts';
import { TEST_MODULES } from '../../support/module-cache.ts';

function loaded(...conditions: readonly string[]) {
  const texts = conditions.map(
    (condition, index) =>
      `- rule: R${index}\n  desc: d\n  condition: ${condition}\n  output: seen %proc.name\n  priority: INFO\n`,
  );
  return loadRules([{ name: 'rules.yaml', text: texts.join('') }]);
}

function compiled(...conditions: readonly string[]) {
  const { rules, errors } = loaded(...conditions);
  assert.deepEqual(errors, []);
  return compileModule(rules.map(ruleSourceOf), { cacheDirectory: TEST_MODULES });
}

test('all fields of the session can stand in conditions', () => {
  for (const { name } of FIELDS.filter(({ source }) => source.from === 'session')) {
    const { rules, errors, warnings } = loaded(`evt.type = openat and ${name} exists`);
    assert.deepEqual([rules.length, errors, warnings], [1, [], []]);
  }
});

test('a field of the session can be compared with constants and its like alone', () => {
  const { errors } = loaded('evt.type = openat and k8s.user.name = val(user.name)');
  assert.match(
    errors.map((error) => renderDiagnostic(error)).join(),
    /k8s\.user\.name can't be compared with user\.name/,
  );
  assert.match(errors.map((error) => renderDiagnostic(error)).join(), /\^/);
  assert.deepEqual(loaded('evt.type = openat and k8s.user.name = val(k8s.user.impersonated)').errors, []);
});

test('too many alternatives are an error at the first check of the session', () => {
  const parts = Array.from({ length: 9 }, (_, index) => `(proc.name = p${index} and k8s.user.name = u${index})`);
  const [error, ...more] = loaded(`evt.type = openat and (${parts.join(' or ')})`).errors;
  assert.match(error?.message ?? '', /more than 16 alternatives/);
  assert.deepEqual(more, []);
});

test('the kernel can not decide it, and the reason names the field', () => {
  const { rules } = loaded('evt.type = openat and proc.name = cat and k8s.user.name = alice');
  const [rule] = rules;
  assert.ok(rule);
  const { exactness, sessionParts, processPart } = explainRule(rule);
  assert.equal(exactness.isExact, false);
  assert.deepEqual(
    exactness.parts.map(({ check, why }) => [printCondition(check), why]),
    [['k8s.user.name = alice', 'whose session it is becomes known after the event']],
  );
  assert.deepEqual(sessionParts.map(printCondition), ['k8s.user.name = alice']);
  assert.equal(processPart && printCondition(processPart), 'proc.name = cat');
});

test('lint does not take it for a condition that is never or always true, nor for one that covers others', () => {
  const { rules, warnings, leftOut } = loaded(
    'evt.type = openat and k8s.user.name = alice',
    'evt.type = openat and not k8s.user.name startswith system and proc.name = x',
    'evt.type = openat and proc.name = x',
  );
  assert.deepEqual(lintRules(rules, warnings, leftOut), []);
});

test('the manifest has the alternatives, and only those of such rules raise its version', async () => {
  const plain = await compiled('evt.type = openat and proc.name = x');
  assert.equal(plain.manifest.version, MANIFEST_VERSION);
  assert.equal(plain.manifest.alternatives, undefined);
  const { manifest, wasm } = await compiled(
    'evt.type = openat and fd.name = /a',
    'evt.type = openat and fd.name = /b and not (proc.name = x and k8s.user.name = alice)',
    'evt.type = openat and fd.name = /c and k8s.session.match = exact',
  );
  assert.equal(manifest.version, ALTERNATIVES_VERSION);
  assert.deepEqual(manifest.alternatives, [
    { rule: 0 },
    { rule: 1, session: 'k8s.user.name = alice' },
    { rule: 1, session: 'not k8s.user.name = alice' },
    { rule: 2, session: 'k8s.session.match = exact' },
  ]);
  assert.deepEqual(
    manifest.exact?.rules.map(({ rule }) => rule),
    [0],
  );
  const named = reportOn('m', wasm)?.filter?.map(({ rule }) => rule);
  assert.deepEqual(named?.toSorted(), ['R0', 'R1', 'R1', 'R2'], 'what the kernel lets through is named by rule');
  const { rules, alternatives = [] } = loadRuleModule('m', wasm);
  assert.deepEqual(
    rules.map(({ name, readsContainers }) => [name, readsContainers]),
    [
      ['R0', false],
      ['R1', true],
      ['R2', true],
    ],
  );
  assert.deepEqual(
    alternatives.map(({ session }) => session?.holdsWithout),
    [undefined, false, true, false],
  );
});

test('alternatives of a manifest that can not be are refused', () => {
  for (const wrong of [
    'x',
    [null],
    [{ rule: 2 }],
    [{ rule: 1 }, { rule: 0 }],
    [{ rule: 0, session: 1 }],
    [{ rule: 0, session: 'k8s.user.name = ' }],
    [{ rule: 0, session: 'proc.name = x' }],
    [{ rule: 0, session: 'some_macro' }],
    [{ rule: 0, session: `k8s.user.name regex "${'(a|b)*a'.padEnd(40, '(a|b)')}"` }],
    Array.from({ length: 33 }, () => ({ rule: 0 })),
  ]) {
    assert.throws(() => readAlternatives(wrong, 2), Error, JSON.stringify(wrong));
  }
  assert.equal(readAlternatives(undefined, 2), undefined);
});

test('what the agent would evaluate for long is refused, by the compiler and by who loads the module', () => {
  const names = Array.from({ length: 8_000 }, (_, index) => `user-${index}`).join(', ');
  const patterns = Array.from({ length: 65 }, (_, index) => `"a*b${index}?c"`).join(', ');
  for (const [condition, reason] of [
    [`k8s.user.name in (${names})`, /has \d+ characters, at most 65536/],
    [`k8s.user.name glob anyof (${patterns})`, /more than 64 patterns/],
  ] as const) {
    const { rules } = loaded(`evt.type = openat and ${condition}`);
    const { diagnostics } = translateRules(rules.map(ruleSourceOf));
    assert.deepEqual(
      diagnostics.map(({ severity, code }) => [severity, code]),
      [['error', 'condition-too-large']],
    );
    assert.match(diagnostics[0]?.message ?? '', reason);
    assert.throws(() => readAlternatives([{ rule: 0, session: condition }], 1), reason);
  }
  const one = (index: number) => ({ rule: 0, session: `k8s.user.name glob "a*b${index}?c"` });
  assert.throws(
    () =>
      readAlternatives(
        Array.from({ length: 65 }, (_, index) => one(index)),
        5,
      ),
    /more than 64/,
  );
  assert.equal(
    readAlternatives(
      Array.from({ length: 65 }, () => one(0)),
      5,
    )?.length,
    65,
  );
});

test('a module that says of a rule on the session that the kernel can decide it is refused', async () => {
  const { wasm, manifest } = await compiled(
    'evt.type = openat and fd.name = /a',
    'evt.type = openat and fd.name = /b and k8s.user.name = alice',
  );
  const [exact] = manifest.exact?.rules ?? [];
  assert.ok(exact && manifest.exact);
  const withExact = (rule: number): Uint8Array => {
    const forged = { ...manifest, exact: { ...manifest.exact, rules: [{ ...exact, rule }] } };
    return writeCustomSection(wasm, MANIFEST_SECTION, Buffer.from(JSON.stringify(forged)));
  };
  assert.equal(loadRuleModule('m', withExact(0)).exact.length, 1);
  assert.throws(() => loadRuleModule('m', withExact(1)), /a rule on the session is no exact one/);
});
