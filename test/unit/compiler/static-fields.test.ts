// static.NAME in rules: what the configuration gives, in conditions and outputs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lintRules } from '../../../host/compiler/lint/lint.ts';
import { loadRules } from '../../../host/compiler/rules/load.ts';
import { renderDiagnostic } from '../../../host/diagnostics/diagnostic-text.ts';
import { moduleOf, process as processImage, shadowRead, startBuiltAgent } from '../../support/records/built-agent.ts';
import { inject } from '../../support/records/inject.ts';

const rule = (name: string, condition: string, output = 'read'): string => `
- rule: ${name}
  desc: d
  condition: evt.type = openat and fd.name = /etc/shadow and ${condition}
  output: "${output}"
  priority: WARNING
`;

const RULES =
  '- macro: here\n  condition: static.site in (north, south)\n' +
  rule('Equal', 'static.site = north', 'at %static.site of %8static.team| %toupper(static.site)') +
  rule('Macro', 'not here') +
  rule('Prefix', 'static.site startswith no and not static.site icontains SOUTH') +
  rule('Other side', 'proc.name = val(static.reader)', 'by %proc.name') +
  rule('Transformer', 'toupper(static.site) = NORTH');

async function alertsWith(statics: Readonly<Record<string, string>>) {
  const module = await moduleOf(RULES, 'test rules', { statics });
  await using built = await startBuiltAgent([module], {
    extras: { statics },
    ruleMatching: 'all',
    namesModules: false,
  });
  inject(built.agent, [processImage(1, { comm_bytes: 'cat' })], [shadowRead(1)]);
  await built.waitForLines(1);
  await built.agent.stop();
  return built.jsonLines().map((line) => {
    const { rule: name, output, output_fields } = JSON.parse(line);
    delete output_fields['evt.time'];
    return [name, output.replace(/^\S+ Warning /, ''), output_fields];
  });
}

test('conditions compare them, outputs print them, and they are among the fields', async () => {
  const fields = { 'static.site': 'north', 'static.team': '%proc.name {' };
  assert.deepEqual(await alertsWith({ site: 'north', team: '%proc.name {', reader: 'cat' }), [
    ['Equal', 'at north of %proc.na| NORTH', fields],
    ['Prefix', 'read', {}],
    ['Other side', 'by cat', { 'proc.name': 'cat' }],
    ['Transformer', 'read', {}],
  ]);
  assert.deepEqual(await alertsWith({ site: 'west', team: '', reader: 'vi' }), [['Macro', 'read', {}]]);
});

function mistake(text: string, statics: Readonly<Record<string, string>> = {}): string {
  const { errors } = loadRules([{ name: 'r.yaml', text }], { statics });
  return errors.map((error) => renderDiagnostic(error)).join('\n');
}

test('one that is not given is an unknown field, in its place', () => {
  assert.equal(
    mistake(rule('A', 'static.site = x')),
    `error[LOAD_ERR_COMPILE_CONDITION]: unknown field static.site
  --> r.yaml:4:62
   |
 4 |   condition: evt.type = openat and fd.name = /etc/shadow and static.site = x
   |                                                              ^^^^^^^^^^^
   = in rule "A"
   = help: static fields are set by static_fields in the configuration, or by --static NAME=VALUE; none are set`,
  );
  assert.match(
    mistake(rule('A', 'proc.name = x', 'at %static.site'), { team: 'a', toString: 'b' }),
    /^error\[LOAD_ERR_COMPILE_OUTPUT\]: unknown field static\.site\n(?:.*\n)+ {3}= help: .*known: team, toString$/,
  );
  assert.match(mistake(rule('A', 'static.constructor = x')), /unknown field static\.constructor/);
  const skipped = `${rule('A', 'static.site = x')}  skip-if-unknown-filter: true\n`;
  assert.equal(mistake(skipped), '');
});

test('lint does not complain of what is always so by them: elsewhere it is not', () => {
  const { rules, warnings } = loadRules([{ name: 'r.yaml', text: rule('A', 'static.site = x') }], {
    statics: { site: 'y' },
  });
  assert.deepEqual(lintRules(rules, warnings), []);
});
