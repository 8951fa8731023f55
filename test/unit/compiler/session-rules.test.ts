// Rules with conditions on the exec session, from their text to the module: what is refused, what tools say of them, and what the manifest has.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadRuleModule } from '../../../host/agent/modules/rule-module.ts';
import { readAlternatives } from '../../../host/agent/modules/stored-alternatives.ts';
import { reportOn } from '../../../host/cli/reports/module-report.ts';
import { compileModule, translateRules } from '../../../host/compiler/compile.ts';
import { printCondition } from '../../../host/compiler/conditions/print.ts';
import { enforcementProblems } from '../../../host/compiler/exactness.ts';
import { explainRule } from '../../../host/compiler/explain.ts';
import { lintRules } from '../../../host/compiler/lint/lint.ts';
import {
  ALTERNATIVES_VERSION,
  ENTRY_VERSION,
  MANIFEST_SECTION,
  MANIFEST_VERSION,
} from '../../../host/compiler/manifest.ts';
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
  for (const { name } of FIELDS.filter(({ source }) => source.from === 'session' || source.from === 'entry')) {
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
  assert.deepEqual(loaded('evt.type = openat and session.user != val(session.id)').errors, []);
  for (const [condition, expected] of [
    [
      'session.user = val(user.name)',
      /session\.user can't be compared with user\.name: the session is looked up apart/,
    ],
    ['session.user = val(k8s.user.name)', /k8s\.user\.name can't be compared with session\.user: whose session it is/],
    ['session.net = val(session.ip)', /field session\.net can only be compared with constants/],
    ['session.ip = 10.0.0.0/8', /10\.0\.0\.0\/8/],
    ['session.net startswith 10', /has no operator startswith/],
  ] as const) {
    const [error, ...more] = loaded(`evt.type = openat and ${condition}`).errors;
    assert.match(error ? renderDiagnostic(error) : '', expected);
    assert.deepEqual(more, []);
  }
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

test('nor does it know how the session was entered that the process is in', () => {
  const [rule] = loaded(
    'evt.type = openat and proc.name = cat and (session.kind = ssh or k8s.user.name = alice)',
  ).rules;
  assert.ok(rule);
  const { exactness, entryParts, sessionParts, processPart } = explainRule(rule);
  assert.deepEqual(
    exactness.parts.map(({ check, why }) => [printCondition(check), why]),
    [
      ['session.kind = ssh', 'the kernel does not know how the session was entered'],
      ['k8s.user.name = alice', 'whose session it is becomes known after the event'],
    ],
  );
  assert.deepEqual(entryParts.map(printCondition), ['session.kind = ssh']);
  assert.deepEqual(sessionParts.map(printCondition), ['k8s.user.name = alice']);
  assert.equal(processPart && printCondition(processPart), 'proc.name = cat');
  const problems = enforcementProblems(rule);
  assert.match(
    problems.map((problem) => (problem.in === 'rule' ? renderDiagnostic(problem.diagnostic) : '')).join(),
    /session\.kind = ssh is not exact in the kernel: the kernel does not know how the session was entered/,
  );
});

test('lint does not take it for a condition that is never or always true, nor for one that covers others', () => {
  const { rules, warnings, leftOut } = loaded(
    'evt.type = openat and k8s.user.name = alice',
    'evt.type = openat and not k8s.user.name startswith system and proc.name = x',
    'evt.type = openat and session.kind = ssh and proc.name = x',
    'evt.type = openat and not session.source exists and proc.name = x',
    'evt.type = openat and proc.name = x',
  );
  assert.deepEqual(lintRules(rules, warnings, leftOut), []);
});

test('lint names constants that the source of a session never equals', () => {
  const { rules, warnings, leftOut } = loaded(
    'evt.type = openat and session.source in (10.0.0.1:22, "[::1]:22")',
    'evt.type = openat and not session.source in (10.0.0.1:22, 10.0.0.0/8)',
    'evt.type = unlink and session.source = ::1',
  );
  assert.deepEqual(
    lintRules(rules, warnings, leftOut).map(({ code, message, help }) => [code, message, help]),
    ['10.0.0.0/8', '::1'].map((text) => [
      'LINT_ALWAYS_FALSE',
      `session.source never equals ${text}: it has an address and a port`,
      'compare session.ip with addresses, or session.net with networks',
    ]),
  );
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

test('conditions on the session that a process is in raise it further, and need no metadata of the container', async () => {
  const { manifest, wasm } = await compiled(
    'evt.type = openat and fd.name = /a',
    'evt.type = openat and fd.name = /b and session.kind = ssh',
    'evt.type = openat and fd.name = /c and k8s.session.match = exact and not session.net in (10.0.0.0/8)',
  );
  assert.equal(manifest.version, ENTRY_VERSION);
  assert.deepEqual(manifest.alternatives, [
    { rule: 0 },
    { rule: 1, entry: 'session.kind = ssh' },
    { rule: 2, entry: 'not session.net in (10.0.0.0/8)', session: 'k8s.session.match = exact' },
  ]);
  assert.deepEqual(
    manifest.exact?.rules.map(({ rule }) => rule),
    [0],
  );
  const { rules } = loadRuleModule('m', wasm);
  assert.deepEqual(
    rules.map(({ readsSession, readsContainers }) => [readsSession, readsContainers]),
    [
      [false, false],
      [false, false],
      [true, true],
    ],
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
    [{ rule: 0, session: 'session.kind = ssh' }],
    [{ rule: 0, entry: 1 }],
    [{ rule: 0, entry: 'k8s.user.name = alice' }],
    [{ rule: 0, entry: 'session.kind = ssh and proc.name = x' }],
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
    [`k8s.user.name in (${names})`, /is too long: \d+ of at most 65536 characters/],
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
    'evt.type = openat and fd.name = /c and session.kind = ssh',
  );
  const [exact] = manifest.exact?.rules ?? [];
  assert.ok(exact && manifest.exact);
  const withExact = (rule: number): Uint8Array => {
    const forged = { ...manifest, exact: { ...manifest.exact, rules: [{ ...exact, rule }] } };
    return writeCustomSection(wasm, MANIFEST_SECTION, Buffer.from(JSON.stringify(forged)));
  };
  assert.equal(loadRuleModule('m', withExact(0)).exact.length, 1);
  for (const rule of [1, 2]) {
    assert.throws(() => loadRuleModule('m', withExact(rule)), /a rule on the session is not exact/);
  }
});
