// `required_plugin_versions`: what is fulfilled, what is an error, and what is only told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadRules } from '../../../host/compiler/rules/load.ts';
import { renderDiagnostic } from '../../../host/diagnostics/diagnostic-text.ts';

const RULE = '- rule: r\n  desc: d\n  condition: evt.type = execve\n  output: o\n  priority: INFO\n';

function load(...requirements: readonly string[]) {
  const files = requirements.map((text, index) => ({
    name: `${index}.yaml`,
    text: `- required_plugin_versions: ${text}\n${index === 0 ? RULE : ''}`,
  }));
  const { rules, errors, warnings, files: results } = loadRules(files);
  return { rules: rules.length, shown: [...errors, ...warnings].map((item) => renderDiagnostic(item)), results };
}

for (const [what, text] of [
  ['an older version of the container plugin', '[{name: container, version: 0.4.0}]'],
  ['the version whose fields are there', '[{name: container, version: 0.7.1}]'],
  ['an alternative', '[{name: other, version: 9.0.0, alternatives: [{name: container, version: 0.2.0}]}]'],
] as const) {
  test(`fulfilled: ${what}`, () => {
    const { rules, shown } = load(text);
    assert.deepEqual(shown, []);
    assert.equal(rules, 1);
  });
}

for (const [what, text, version] of [
  ['a newer patch', '[{name: container, version: 0.7.2}]', '0.7.2'],
  ['a newer version', '[{name: container, version: 0.10.0}]', '0.10.0'],
  ['another major version', '[{name: container, version: 1.0.0}]', '1.0.0'],
  [
    'an alternative that would do, after one that decides',
    '[{name: container, version: 0.8.0, alternatives: [{name: other, version: 0.1.0}]}]',
    '0.8.0',
  ],
] as const) {
  test(`an error in the file that asks, and no rule is loaded: ${what}`, () => {
    const { rules, shown, results } = load('[{name: container, version: 0.4.0}]', text);
    assert.match(
      shown[0] ?? '',
      new RegExp(
        `^error\\[LOAD_ERR_VALIDATE\\]: Plugin 'container' version 0\\.7\\.1 does not fulfil the requirement of version ${version}\\n`,
      ),
    );
    assert.equal(shown.length, 1);
    assert.deepEqual(
      results.map(({ successful }) => successful),
      [true, false],
    );
    assert.equal(rules, 0);
  });
}

test('a plugin that is not there is reported, and the rules are loaded', () => {
  const { rules, shown } = load('[{name: json, version: 0.1.0, alternatives: [{name: k8saudit, version: 0.1.0}]}]');
  assert.deepEqual(shown, [
    `warning[WASPREY_PLUGIN_UNAVAILABLE]: plugin json or k8saudit is not available: Wasprey does not load plugins
  --> 0.yaml:1:31
   |
 1 | - required_plugin_versions: [{name: json, version: 0.1.0, alternatives: [{name: k8saudit, version: 0.1.0}]}]
   |                               ^^^^^^^^^^
   = in required plugin versions entry "json"
   = help: rules for events of a plugin are not evaluated; all other rules are`,
  ]);
  assert.equal(rules, 1);
});

test('a mistake elsewhere comes first: requirements are looked at when all files are loaded', () => {
  const { results } = load('[{name: container, version: 9.0.0}]', '[{name: container}]');
  assert.deepEqual(
    results.map(({ errors }) => errors.map(({ message }) => message)),
    [[], ["Item has no mapping for key 'version'"]],
  );
});
