// The condition parser: what Falco's corpus can't show (test/conformance has the rest): printing and parsing again,
// spans, depth, bytes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Expression } from '../../../host/compiler/conditions/ast.ts';
import { ConditionSyntaxError } from '../../../host/compiler/conditions/lexer.ts';
import { literalBytes } from '../../../host/compiler/conditions/literal-bytes.ts';
import { parseCondition } from '../../../host/compiler/conditions/parser.ts';
import { printCondition } from '../../../host/compiler/conditions/print.ts';
import { arbitraryCondition } from '../../support/random/arbitrary-condition.ts';

/** A tree without its spans, and without what only the way it was written says. */
function bare(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, part: unknown) => (key === 'span' || key === 'quoted' ? undefined : part)),
  );
}

test('any condition, printed and parsed again, is the same', () => {
  fc.assert(
    fc.property(arbitraryCondition, (condition) => {
      assert.deepEqual(bare(parseCondition(printCondition(condition))), bare(condition));
    }),
    { numRuns: 2000 },
  );
});

test('printing is stable', () => {
  fc.assert(
    fc.property(arbitraryCondition, (condition) => {
      const printed = printCondition(condition);
      assert.equal(printCondition(parseCondition(printed)), printed);
    }),
    { numRuns: 500 },
  );
});

test('any text is parsed or refused at an offset in it', () => {
  const word = fc.constantFrom(
    'and',
    'or',
    'not',
    '(',
    ')',
    'a.b',
    '=',
    'in',
    'exists',
    'oneof',
    'tolower(',
    'val(',
    '"',
    "'",
    '\\',
    ',',
    '[',
    ']',
    '1',
    '<=',
    ' ',
    'x',
    'é',
    '😀',
    '\0',
    '\n',
  );
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(word).map((words) => words.join('')),
  );
  fc.assert(
    fc.property(anything, (text) => {
      try {
        parseCondition(text);
      } catch (error) {
        assert.ok(error instanceof ConditionSyntaxError);
        assert.ok(error.offset >= 0 && error.offset <= Buffer.byteLength(text));
      }
    }),
    { numRuns: 3000 },
  );
});

test('spans are byte offsets of what was written', () => {
  const text = "  proc.name = 'größe' and not tolower(fd.name) in (a, b)";
  const bytes = Buffer.from(text);
  const at = ({ span }: Pick<Expression, 'span'>) => bytes.subarray(span.start, span.end).toString();
  const tree = parseCondition(text);
  assert.ok(tree.kind === 'and');
  const [first, second] = tree.children;
  assert.ok(first?.kind === 'check' && first.right.kind === 'value' && second?.kind === 'not');
  assert.equal(at(first), "proc.name = 'größe'");
  assert.equal(at(first.left), 'proc.name');
  assert.equal(at(first.right.value), "'größe'");
  assert.equal(at(second), 'not tolower(fd.name) in (a, b)');
  assert.ok(second.child.kind === 'check' && second.child.right.kind === 'values');
  assert.equal(at(second.child.left), 'tolower(fd.name)');
  assert.equal(at(second.child.right), '(a, b)');
  assert.deepEqual(second.child.right.values.map(at), ['a', 'b']);
});

test('bytes that are no UTF-8 are kept', () => {
  const tree = parseCondition(String.raw`a.b = 'x\xff\xc3\xa9é\x41'`);
  assert.ok(tree.kind === 'check' && tree.right.kind === 'value');
  assert.deepEqual([...literalBytes(tree.right.value.text)], [0x78, 0xff, 0xc3, 0xa9, 0xc3, 0xa9, 0x41]);
});

test('depth is limited long before the stack is', () => {
  const nested = (levels: number) => `${'('.repeat(levels)}a${')'.repeat(levels)}`;
  assert.ok(parseCondition(nested(199)));
  for (const text of [nested(200), nested(1_000_000), 'tolower('.repeat(100_000), 'not('.repeat(100_000)]) {
    assert.throws(() => parseCondition(text), /max depth limit of 1000/);
  }
  // A check and its field are two levels more than a macro, a field right of an operator another two.
  assert.ok(parseCondition(`${'('.repeat(198)}a.b = val(c.d)${')'.repeat(198)}`));
  assert.throws(() => parseCondition(`${'('.repeat(199)}a.b = 1${')'.repeat(199)}`), /max depth limit of 1000/);
  // No depth: these repeat on one level.
  assert.ok(parseCondition(`${'not '.repeat(100_001)}a`));
  assert.ok(parseCondition(Array.from({ length: 20_000 }, (_, index) => `a.b = ${index}`).join(' or ')));
});

test('behind not, a vertical tab and a form feed are blanks, and a backspace is not', () => {
  for (const text of ['not a', 'not\va', 'not\f\na', 'not \ba', 'not(a)', 'not\v(a)']) {
    assert.equal(printCondition(parseCondition(text)), 'not a', JSON.stringify(text));
  }
  assert.throws(() => parseCondition('not\ba'), { offset: 4 });
  assert.throws(() => parseCondition('a and\vb'), { offset: 5 });
});

test('a long constant costs no more than its length', () => {
  const long = 'x'.repeat(2_000_000);
  assert.ok(parseCondition(`a.b = ${long}`));
  assert.ok(parseCondition(`a.b = '${long}'`));
  assert.throws(() => parseCondition(`a.b = '${long}`), ConditionSyntaxError);
});
