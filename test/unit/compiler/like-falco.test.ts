// What Falco's loader does at corners that the conformance corpus leaves out.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileModule } from '../../../host/compiler/compile.ts';
import { printCanonical, printOperand } from '../../../host/compiler/conditions/print.ts';
import { type LoadResult, loadRules } from '../../../host/compiler/rules/load.ts';
import { ruleSourceOf } from '../../../host/compiler/rules/rule.ts';
import { ALL_EVENT_NAMES } from '../../../host/schema/event-names.ts';
import { resolveField } from '../../../host/schema/fields/index.ts';
import { TEST_MODULES } from '../../support/module-cache.ts';

function rule(condition: string, more = '', output = 'seen %proc.name'): string {
  return `- rule: r1\n  desc: d\n  condition: ${JSON.stringify(condition)}\n  output: ${JSON.stringify(output)}\n  priority: NOTICE\n${more}`;
}

function load(text: string): LoadResult {
  return loadRules([{ name: 'rules.yaml', text }]);
}

/** Code and innermost place of each error and of each of Falco's warnings. */
function verdict(text: string): string[] {
  const { errors, warnings } = load(text);
  return [...errors, ...warnings]
    .filter(({ code }) => code.startsWith('LOAD_'))
    .map(({ code, context }) => `${code} ${context.at(-1)?.type} ${context.at(-1)?.name}`.trim());
}

test('a key of a rule is either appended or replaced', () => {
  const both = '- rule: r1\n  condition: and proc.name = a\n  override: {condition: append, condition: replace}\n';
  assert.deepEqual(verdict(rule('evt.type = open') + both), ['LOAD_ERR_YAML_VALIDATE rule r1']);
  // The missing rule comes first, as it is met when the append is carried out.
  assert.deepEqual(verdict(both), ['LOAD_ERR_VALIDATE rule r1']);
});

test('of several keys without an override the first by name is reported', () => {
  const change = '- rule: r1\n  output: x\n  desc: y\n  condition: z\n  override: {condition: replace}\n';
  assert.deepEqual(verdict(rule('evt.type = open') + change), ['LOAD_ERR_YAML_VALIDATE overrides desc']);
});

test('an override reads one key after the other', () => {
  const change = "- rule: r1\n  condition: ''\n  override: {output: replace, condition: replace}\n";
  assert.deepEqual(verdict(rule('evt.type = open') + change), ['LOAD_ERR_YAML_VALIDATE value for condition']);
});

test('%container.info is taken out of the template, and what it leaves prints', async () => {
  const { rules } = load(rule('evt.type = open', '', 'a %container.info b %container.information'));
  assert.deepEqual(
    rules.map(({ outputText }) => outputText),
    ['a  b rmation'],
  );
  const compiled = await compileModule(rules.map(ruleSourceOf), { cacheDirectory: TEST_MODULES, inThisProcess: true });
  assert.deepEqual(
    compiled.diagnostics.filter(({ severity }) => severity === 'error'),
    [],
  );
  assert.deepEqual(verdict(rule('evt.type = open', '', '%container.info')), [
    'LOAD_ERR_COMPILE_OUTPUT rule output',
    'LOAD_DEPRECATED_ITEM rule r1',
  ]);
});

test('a retired field is reported once, at the output or at the condition', () => {
  const output = rule('evt.type = open', '', 'evt.dir=%evt.dir and %evt.dir');
  assert.deepEqual(verdict(output), ['LOAD_DEPRECATED_ITEM rule output']);
  const condition = rule('evt.type = open and evt.dir = < and not evt.dir = >');
  assert.deepEqual(verdict(condition), ['LOAD_DEPRECATED_ITEM condition expression']);
  // Right of an operator Falco does not look; we report it by a code of our own.
  const right = rule('evt.type = open and proc.name = val(evt.dir)');
  assert.deepEqual(verdict(right), []);
  assert.deepEqual(
    load(right).warnings.map(({ code }) => code),
    ['WASPREY_FIELD_UNAVAILABLE'],
  );
  const ofTables = rule('evt.type = open', '', '%evt.latency.quantized');
  assert.deepEqual(verdict(ofTables), ['LOAD_DEPRECATED_ITEM rule output']);
});

test('syscall.type is compared with any text, and what no call is named is reported', () => {
  const skipped = '  skip-if-unknown-filter: true\n';
  for (const more of ['', skipped]) {
    const result = load(rule('syscall.type = bogus', more));
    assert.ok(result.successful);
    assert.deepEqual(
      result.rules.map(({ eventTypes }) => [...eventTypes]),
      [[]],
    );
    assert.deepEqual(
      result.warnings.map(({ code }) => code),
      ['WASPREY_EVENT_UNAVAILABLE'],
    );
  }
  assert.deepEqual(verdict(rule('syscall.type startswith op', '  warn_evttypes: false\n')), []);
  assert.deepEqual(verdict(rule('evt.type = bogus', skipped)), ['LOAD_UNKNOWN_FILTER condition expression']);
  assert.deepEqual(verdict(rule('evt.type in (unknown, NA)')), []);
  assert.deepEqual(verdict(rule('evt.type = bogus')), ['LOAD_ERR_COMPILE_CONDITION condition expression']);
});

test('checks of the number of an event that are never or always true decide the event types', () => {
  const all = ALL_EVENT_NAMES.length;
  const cases: readonly [string, number][] = [
    ['evt.num = 0', 0],
    ['evt.num in (0, 0)', 0],
    ['evt.num in ()', 0],
    ['evt.num < 0', 0],
    ['evt.num < 1', 0],
    ['evt.num < 2', all],
    ['evt.num <= 0', 0],
    ['evt.num in (0, 1)', all],
    ['evt.num intersects (0)', all],
    ['evt.num = oneof (0)', all],
    ['not evt.num >= 0', 0],
    ['not evt.num >= 1', 0],
    ['not evt.num != 0', 0],
    ['not evt.num > 0', 0],
    ['not evt.num > 1', all],
  ];
  for (const [condition, types] of cases) {
    const [loaded] = load(rule(condition)).rules;
    assert.equal(loaded?.eventTypes.size, types, condition);
  }
});

test('an exception names a field exactly; a transformer may have blanks around it', () => {
  const withField = (field: string) =>
    verdict(rule('evt.type = open', `  exceptions: [{name: a, fields: ['${field}'], values: [[x]]}]\n`));
  assert.deepEqual(withField('proc.name'), []);
  assert.deepEqual(withField(' tolower( proc.name ) '), []);
  for (const field of ['proc.name ', ' proc.name'])
    assert.deepEqual(withField(field), ['LOAD_ERR_VALIDATE exception a']);
});

// Not known, and in neither the reference nor the corpus: an empty argument behind getopt().
test('an empty argument in quotes counts as none', () => {
  const conditionOf = (condition: string) =>
    load(rule(condition)).rules.map((loaded) => printCanonical(loaded.condition));
  for (const field of ['proc.aname', 'proc.env', 'proc.name', 'fd.name', 'tolower(proc.name)']) {
    const [name, close] = field.endsWith(')') ? [field.slice(0, -1), ')'] : [field, ''];
    for (const empty of ['[""]', "['']"]) {
      const written = conditionOf(`evt.type = open and ${name}${empty}${close} = x`);
      assert.deepEqual(written, [`(evt.type = open and ${field} = x)`]);
    }
  }
  assert.deepEqual(conditionOf('evt.type = open and proc.name = val(proc.pname[""])').length, 1);
  // It decides the event type as evt.type does, and a field that needs an argument has none.
  assert.deepEqual([...(load(rule('evt.type[""] = open')).rules[0]?.eventTypes ?? [])], ['open']);
  for (const field of ['evt.arg', 'evt.rawarg', 'evt.around', 'container.mount.source', 'container.mount']) {
    const [error] = load(rule(`evt.type = open and ${field}[""] exists`)).errors;
    assert.deepEqual([error?.code, error?.message], ['LOAD_ERR_COMPILE_CONDITION', `field ${field} needs an argument`]);
  }
  // Without quotes there is no argument to parse.
  assert.deepEqual(verdict(rule('evt.type = open and proc.aname[] = x')), [
    'LOAD_ERR_COMPILE_CONDITION condition expression',
  ]);
});

test('an empty argument in quotes is read in outputs too; brackets without quotes are text', async () => {
  const fields = (output: string) =>
    load(rule('evt.type = open', '', output)).rules.map(({ output: template }) =>
      template.map((token) => (token.kind === 'text' ? token.text : printOperand(token.operand))),
    );
  assert.deepEqual(fields('%proc.aname[""] x'), [['proc.aname', ' x']]);
  assert.deepEqual(fields("%toupper(proc.name[''])."), [['toupper(proc.name)', '.']]);
  assert.deepEqual(fields('%proc.aname[]'), [['proc.aname', '[]']]);
});

test('a number in brackets is read as C reads it', () => {
  for (const written of ['+1', '" 1"', '01', '-1']) {
    assert.deepEqual(verdict(rule(`evt.type = open and proc.aname[${written}] = x`)), []);
    assert.deepEqual(verdict(rule(`evt.type = open and evt.arg[${written}] = x`)), []);
  }
  for (const written of ['"1 "', '+-1', '0x1', '1.0']) {
    const error = ['LOAD_ERR_COMPILE_CONDITION condition expression'];
    assert.deepEqual(verdict(rule(`evt.type = open and proc.aname[${written}] = x`)), error);
    assert.deepEqual(verdict(rule(`evt.type = open and evt.arg[${written}] = x`)), error);
  }
  const [loose, plain] = ['proc.aname[+1]', 'proc.aname[1]'].map((text) => resolveField(text));
  assert.deepEqual(loose, plain);
});

test('names behind a dot: what they may be, and which mistakes leave out a rule', () => {
  const skipping = '  skip-if-unknown-filter: true\n';
  const outcome = (check: string) => verdict(rule(`evt.type = open and ${check}`, skipping));
  for (const known of ['evt.abspath.src = x', 'evt.abspath = x', 'thread.cgroup.net_cls = x', 'evt.type.is.open = 1'])
    assert.deepEqual(outcome(known), []);
  // A name that begins with a parameter's is a field that does not exist; any other is a parameter that does not.
  for (const unknown of ['evt.abspath.x = y', 'evt.abspath[src] = y', 'thread.cgroup.cpu.x = y', 'evt.arg.namex = y'])
    assert.deepEqual(outcome(unknown), ['LOAD_UNKNOWN_FILTER condition expression']);
  for (const wrong of ['evt.arg.zzz = y', 'thread.cgroup[cpu] = y', 'evt.type.is[open] = 1'])
    assert.deepEqual(outcome(wrong), ['LOAD_ERR_COMPILE_CONDITION condition expression']);
});

test('an override that is an empty sequence has no effect', () => {
  assert.deepEqual(verdict(rule('evt.type = open', '  override: []\n')), []);
  assert.deepEqual(verdict(rule('evt.type = open', '  override: [desc]\n')), ['LOAD_ERR_VALIDATE rules content']);
});

test('a scalar with a tag is text, also where it would be null without', () => {
  assert.deepEqual(verdict('- list: l\n  items: [!!str null, !x ~]\n'), ['LOAD_UNUSED_LIST list l']);
  assert.deepEqual(verdict('- list: l\n  items: # !x\n    - ~\n'), ['LOAD_ERR_YAML_VALIDATE list item']);
});

test('evt.around is compared by = alone', () => {
  for (const operator of ['= 1', '== 1', 'exists'])
    assert.deepEqual(verdict(rule(`evt.type = open and evt.around[5] ${operator}`)), []);
  for (const operator of ['!= 1', '< 1', '>= 1', 'in (1)', 'intersects (1)']) {
    const error = ['LOAD_ERR_COMPILE_CONDITION condition expression'];
    assert.deepEqual(verdict(rule(`evt.type = open and evt.around[5] ${operator}`)), error, operator);
  }
});
