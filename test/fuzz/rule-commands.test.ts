// Rules of any condition, output, exceptions and changes, given to what validate, lint, explain, list and run do with them:
// whatever loads can be worked on. WASPREY_FUZZ_RUNS sets the number of files, WASPREY_FUZZ_SEED repeats a run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { translateRules } from '../../host/compiler/compile.ts';
import { formatCondition } from '../../host/compiler/conditions/format-condition.ts';
import { parseCondition } from '../../host/compiler/conditions/parser.ts';
import { printCondition } from '../../host/compiler/conditions/print.ts';
import { parseTemplate } from '../../host/compiler/conditions/template.ts';
import { explainRule } from '../../host/compiler/explain.ts';
import { lintRules } from '../../host/compiler/lint/lint.ts';
import { falcoLoadResult } from '../../host/compiler/rules/falco-result.ts';
import { withoutItemsAt } from '../../host/compiler/rules/leave-out.ts';
import { type Diagnostic, loadRules, type RuleFile } from '../../host/compiler/rules/load.ts';
import { ruleSourceOf } from '../../host/compiler/rules/rule.ts';
import { renderDiagnostic } from '../../host/diagnostics/diagnostic-text.ts';
import { FIELDS } from '../../host/schema/fields/index.ts';
import { loadSoundly } from '../support/diagnostics.ts';
import { arbitraryCondition } from '../support/random/arbitrary-condition.ts';

const SEED = Number(process.env.WASPREY_FUZZ_SEED ?? Date.now() % 2 ** 31);
const RUNS = { numRuns: Number(process.env.WASPREY_FUZZ_RUNS ?? 300), seed: SEED };

const name = fc.constantFrom('r1', 'r2', 'odd name', "'%");
const KNOWN = FIELDS.filter((known) => !known.tableOnly && known.argument !== 'required').map((known) => known.name);
const field = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('proc.name', 'fd.name', 'proc.aname[2]', 'proc.env[A B]', 'evt.arg.flags') },
  { weight: 3, arbitrary: fc.constantFrom(...KNOWN) },
);

/** Any field, and what has several values, in transformers of lists and of several texts. */
const several = fc
  .tuple(
    fc.oneof(field, fc.constantFrom('proc.aname', 'proc.aenv', 'fd.types', 'getopt((proc.args), "ab:")', '"x"')),
    fc.oneof(field, fc.constantFrom('proc.aname[1]', 'basename(fd.name)', '5')),
    fc.constantFrom('tolower', 'b64', 'basename', 'len', 'join', 'concat', 'getopt'),
  )
  .map(([one, other, transformer]) => {
    if (transformer === 'join') return `join(",", (${one}, ${other}))`;
    if (transformer === 'concat') return `concat(${one}, ${other})`;
    return transformer === 'getopt' ? `getopt((${one}, ${other}), "ab:")[a]` : `${transformer}((${one}, ${other}))`;
  });

const operand = fc.oneof(
  { weight: 4, arbitrary: field },
  { weight: 1, arbitrary: several },
  fc
    .tuple(fc.constantFrom('tolower', 'toupper', 'b64', 'basename', 'len', 'val'), field)
    .map(([name, of]) => `${name}(${of})`),
);

/** With fields that there are, so that many load. */
const check = fc.oneof(
  operand.map((left) => `${left} exists`),
  fc
    .tuple(
      operand,
      fc.constantFrom('=', '!=', '>=', 'contains', 'startswith', 'glob', 'regex'),
      fc.constantFrom('a', '1', '/etc', "''", '10.0.0.0/8', '*a', 'val(proc.name)', 'true'),
    )
    .map((parts) => parts.join(' ')),
  fc
    .tuple(
      operand,
      fc.constantFrom('in', 'intersects', 'pmatch', 'endswith anyof', 'contains allof'),
      fc.constantFrom('(a, b)', '()', '(1)', '(/x, "y z")', '(shells)'),
    )
    .map((parts) => parts.join(' ')),
  fc.constantFrom('m1', 'm2', 'evt.type in (open, poll)', 'evt.num = 0', 'fd.sip.name = a', 'evt.type != openat'),
);

const condition = fc.oneof(
  { weight: 1, arbitrary: arbitraryCondition.map((tree) => printCondition(tree)) },
  {
    weight: 8,
    arbitrary: fc
      .tuple(
        fc.constantFrom('open', 'execve', 'connect', 'poll'),
        check,
        fc.constantFrom('and', 'or', 'and not'),
        check,
      )
      .map(([type, one, join, other]) => `evt.type = ${type} and (${one} ${join} ${other})`),
  },
);

const output = fc
  .array(
    fc.oneof(
      field.map((known) => `%${known}`),
      fc.constantFrom('%container.info', '%', ' ', '%20proc.name', '%toupper(fd.name)', '%evt.arg[0]', '*', 'text'),
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.join(''));

const exceptions = fc.array(
  fc.record(
    {
      name: fc.constantFrom('e1', 'e2', ''),
      fields: fc.oneof(field, fc.array(field, { maxLength: 2 })),
      comps: fc.constantFrom('in', '=', ['=', 'in'], ['startswith', 'pmatch']),
      values: fc.constantFrom<unknown>([['a', 'b']], ['a'], [['a', ['b', 'c d']]], [], 'a', [[]], [['shells', '(x)']]),
    },
    { requiredKeys: ['name'] },
  ),
  { maxLength: 2 },
);

const operations = fc.dictionary(
  fc.constantFrom('condition', 'output', 'exceptions', 'tags', 'priority', 'enabled', 'desc', 'capture', 'other'),
  fc.constantFrom('append', 'replace', 'other'),
  { maxKeys: 3 },
);

const definition = fc.record(
  {
    rule: name,
    desc: fc.constant('d'),
    condition,
    output,
    priority: fc.constantFrom('NOTICE', 'ERROR', 'debug'),
    exceptions,
    tags: fc.constantFrom([], ['a'], ['b', 'a']),
    source: fc.constantFrom('syscall', 'k8s_audit'),
    'skip-if-unknown-filter': fc.boolean(),
  },
  { requiredKeys: ['rule', 'desc', 'condition', 'output', 'priority'] },
);
const change = fc.record(
  {
    rule: name,
    condition: condition.map((text) => `and (${text})`),
    output,
    exceptions,
    enabled: fc.boolean(),
    tags: fc.constant(['c']),
    append: fc.boolean(),
    override: operations,
  },
  { requiredKeys: ['rule'] },
);
const named = fc.oneof(
  fc.record({ macro: fc.constantFrom('m1', 'm2'), condition }),
  fc.record({ list: fc.constantFrom('shells', 'm1'), items: fc.array(fc.constantFrom('a', 'b c', 'shells', '1')) }),
);

/** What the conditions refer to. */
const GIVEN = [
  { list: 'shells', items: ['sh', 'bash'] },
  { macro: 'm1', condition: 'evt.type in (open, openat)' },
  { macro: 'm2', condition: 'm1 and proc.name in (shells)' },
];

/** JSON is YAML. */
const file = fc
  .tuple(
    fc.constant(GIVEN),
    fc.array(named, { maxLength: 1 }),
    fc.array(definition, { minLength: 1, maxLength: 2 }),
    fc.array(change, { maxLength: 1 }),
  )
  .map((items) => JSON.stringify(items.flat(), null, 1));

/** Whoever mends one error after the other, as Falco reports them, meets each of those that are reported at once. */
function assertOneByOne(text: string): void {
  const given: readonly RuleFile[] = [{ name: 'fuzz.yaml', text }];
  let files = given;
  const met = new Set<string>();
  const shown = ({ offset, message }: Diagnostic) => `${offset} ${message}`;
  for (let result = loadRules(files); !result.successful; result = loadRules(files)) {
    for (const error of result.errors) met.add(shown(error));
    files = withoutItemsAt(files, result.errors, given);
  }
  for (const error of loadRules(given, { everyError: true }).errors) {
    assert.ok(met.has(shown(error)), shown(error));
  }
}

test(`rules that load can be worked on (seed ${SEED})`, () => {
  let loaded = 0;
  fc.assert(
    fc.property(file, (text) => {
      const { successful, rules, warnings, leftOut, files } = loadSoundly(text);
      JSON.stringify(files.map(falcoLoadResult));
      if (!successful) return assertOneByOne(text);
      loaded++;

      const active = rules.filter(({ source }) => source === 'syscall');
      translateRules(active.map(ruleSourceOf));
      translateRules(active.map(ruleSourceOf), { fields: 'given' });
      for (const item of lintRules(active, warnings, leftOut)) renderDiagnostic(item);
      for (const rule of active) {
        explainRule(rule);
        formatCondition(rule.condition, 80);
        parseCondition(printCondition(rule.condition));
        // As a compiled module is read.
        assert.deepEqual(parseTemplate(rule.outputText), rule.output);
      }
    }),
    // One in fifteen loads.
    { ...RUNS, numRuns: RUNS.numRuns * 5 },
  );
  assert.ok(loaded > RUNS.numRuns / 20, `only ${loaded} files load`);
});
