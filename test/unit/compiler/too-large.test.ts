// Whatever validates can be compiled and loaded: what a module can't hold is an error of the rule, with its place.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileModule, translateRules, withFuel } from '../../../host/compiler/compile.ts';
import { loadRules } from '../../../host/compiler/rules/load.ts';
import { MAX_NESTING } from '../../../host/sandbox/limits.ts';
import { assembleText } from '../../support/sandbox/wasm-builder.ts';

const RULE = {
  rule: 'Large',
  desc: 'for a test',
  condition: 'evt.type = openat and proc.name = cat',
  output: 'x',
  priority: 'INFO',
};

/** The errors, with the lines that they are at. */
function errorsOf(...rules: readonly object[]): string[] {
  const { errors } = loadRules([{ name: 'large.yaml', text: JSON.stringify(rules, undefined, 1) }]);
  return errors.map(({ message }) => message);
}

const hosts = (count: number, from = 0): string =>
  `evt.type = connect and fd.sip.name in (${Array.from({ length: count }, (_, index) => `h${from + index}.example.com`)})`;

test('names, sources and tags', () => {
  const long = 'n'.repeat(64 * 1024);
  assert.deepEqual(errorsOf({ ...RULE, rule: long, tags: ['t'.repeat(65_536)] }), []);
  assert.deepEqual(errorsOf({ ...RULE, rule: `${long}n` }), ['name of more than 65,536 characters']);
  assert.deepEqual(errorsOf({ ...RULE, tags: ['t'.repeat(32_768), 'u'.repeat(32_768)] }), [
    'tags of more than 65,536 characters',
  ]);
});

test('host names, of all rules together', () => {
  const rules = (counts: readonly number[]) =>
    counts.map((count, index) => ({ ...RULE, rule: `${index}`, condition: hosts(count, 10_000 * index) }));
  assert.deepEqual(errorsOf(...rules([2048, 2048])), []);
  assert.deepEqual(errorsOf(...rules([2048, 2049])), ['the rules up to this one have more than 4,096 host names']);
});

test('code: validate says so at the largest rule, and compile the same, before it takes minutes', async () => {
  const values = Array.from({ length: 12_000 }, (_, index) => `fd.name = /some/long/path/of/a/file/${index}`);
  const rules = [RULE, { ...RULE, rule: 'Larger', condition: `evt.type = openat and (${values.join(' or ')})` }];
  const { rules: loaded, errors } = loadRules([{ name: 'large.yaml', text: JSON.stringify(rules) }]);
  assert.deepEqual(errors, []);
  const sources = loaded.map(({ outputText, ...rule }) => ({ ...rule, output: outputText }));
  const [error] = translateRules(sources).diagnostics;
  assert.equal(error?.severity, 'error');
  assert.equal(error.rule, 1);
  assert.match(
    error.message,
    /^the rules are too large: [\d,]+ characters of code, at most 1,750,000 can be compiled\. /,
  );
  await assert.rejects(compileModule(sources), { name: 'AscError', kind: 'too-large', message: error.message });
});

test('code beyond a limit of the sandbox is too large, and no defect', () => {
  const nested = (depth: number): string => `${'(if (i32.const 1) (then '.repeat(depth)}(nop)${'))'.repeat(depth)}`;
  const compiled = (depth: number) => assembleText(`(module (func (export "evaluate") ${nested(depth)}))`);
  assert.ok(withFuel(compiled(MAX_NESTING / 2)));
  assert.throws(() => withFuel(compiled(MAX_NESTING + 1)), {
    name: 'AscError',
    kind: 'too-large',
    message: /^blocks nested more than 1024 deep$/,
  });
});
