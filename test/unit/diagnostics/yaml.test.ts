// YAML with places: every node is where it was written, and every character of a scalar leads back to the file.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import yaml from 'js-yaml';
import { scalarPositions } from '../../../host/diagnostics/scalar-positions.ts';
import { SourceFile } from '../../../host/diagnostics/source-file.ts';
import { lookUp, readYaml, type YamlNode, type YamlScalar, YamlSyntaxError } from '../../../host/diagnostics/yaml.ts';

function read(text: string): YamlNode[] {
  return readYaml(new SourceFile('test.yaml', text));
}

/** The tree as plain values; keys of mappings are text. */
function plain(node: YamlNode): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.text;
    case 'null':
      return null;
    case 'sequence':
      return node.items.map(plain);
    case 'mapping':
      return Object.fromEntries(node.entries.map(({ key, value }) => [plain(key), plain(value)]));
  }
}

function scalars(node: YamlNode): YamlScalar[] {
  switch (node.kind) {
    case 'scalar':
      return [node];
    case 'null':
      return [];
    case 'sequence':
      return node.items.flatMap(scalars);
    case 'mapping':
      return node.entries.flatMap(({ key, value }) => [...scalars(key), ...scalars(value)]);
  }
}

/** Each non-blank character of each scalar leads to the same character, or to the escape that stands for it. */
function assertPositions(text: string): void {
  for (const scalar of read(text).flatMap(scalars)) {
    const positions = scalarPositions(text, scalar);
    let before = -1;
    for (const [index, unit] of [...scalar.text.split('')].entries()) {
      const at = positions[index] ?? -1;
      assert.ok(at >= before, `${JSON.stringify(scalar.text)} goes back at ${index}`);
      before = at;
      if (/\s/.test(unit)) continue;
      assert.ok(text[at] === unit || text[at] === '\\', `${JSON.stringify(scalar.text)}[${index}] is ${text[at]}`);
    }
  }
}

const DOCUMENTS: readonly string[] = [
  '',
  '---\n---\n- a\n',
  '- list: l\n  items: [a, "b c", \'d\']\n-\n- ~\n- {x: , y: [], z}\n',
  '- &one\n  a: &two x\n- b: *two\n- *one\n',
  '- a: >\n    first\n    second\n\n    third\n  b: |-\n    x\n      y\n',
  "- a: \"esc \\\" \\n \\x41 \\\n    joined\"\n  b: 'it''s'\n  c: plain\n    goes on\n  # comment\n  d: e # comment\n",
  '\ufeff- a: b\n',
  '- a: b\r\n  c: >\r\n    d\r\n    e\r\n',
  '- !tag {a: !!str b}\n- [a: b, c]\n- ? x\n  : y\n',
  '- a:\n  - b\n  -\n  - c: d\n    e:\n',
];

for (const text of DOCUMENTS) {
  test(`the tree is js-yaml's: ${JSON.stringify(text)}`, () => {
    const reference = yaml.loadAll(text.replaceAll(/!\S* ?/g, ''), null, { schema: yaml.FAILSAFE_SCHEMA, json: true });
    const nulls = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(nulls)
        : value !== null && typeof value === 'object'
          ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, nulls(inner)]))
          : value === '~' || value === ''
            ? null
            : value;
    assert.deepEqual(read(text).map(plain), nulls(reference));
    assertPositions(text);
  });
}

test('what js-yaml writes is read back, in its place', () => {
  const leaf = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('a b', "it's", 'x: y', '# no', '- no', 'a\nb\n', ' a '),
  );
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), tie('tree'), { maxKeys: 4 }),
    ),
  }));
  const options = fc.record({
    lineWidth: fc.constantFrom(20, 80, -1),
    flowLevel: fc.constantFrom(-1, 0, 1, 2),
    noArrayIndent: fc.boolean(),
    forceQuotes: fc.boolean(),
    quotingType: fc.constantFrom("'" as const, '"' as const),
  });
  fc.assert(
    fc.property(tree, options, (value, style) => {
      const text = yaml.dump(value, { ...style, schema: yaml.FAILSAFE_SCHEMA });
      const [document] = read(text);
      assert.ok(document);
      // An empty mapping has no key that could be __proto__, and JSON makes both sides plain.
      assert.equal(JSON.stringify(plain(document)), JSON.stringify(emptiesAsNull(value)));
      assertPositions(text);
    }),
    { numRuns: 1000 },
  );
});

/** Plain `null` and `~` are what js-yaml writes for these texts without quotes under a schema that knows text alone. */
function emptiesAsNull(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(emptiesAsNull);
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, emptiesAsNull(inner)]));
  }
  return ['null', 'Null', 'NULL', '~'].includes(value as string) ? null : value;
}

test('of a key given twice the first counts', () => {
  const [document] = read('a: 1\nb: 2\na: 3\n');
  assert.ok(document?.kind === 'mapping');
  assert.equal(document.entries.length, 3);
  const found = lookUp(document, 'a');
  assert.ok(found?.kind === 'scalar');
  assert.equal(found.text, '1');
});

test('a key that objects are born with is a key like others', () => {
  const [document] = read('__proto__: {constructor: x}\n');
  assert.ok(document?.kind === 'mapping' && lookUp(document, '__proto__')?.kind === 'mapping');
});

test('what is no YAML says where', () => {
  const broken: readonly [string, number][] = [
    ['- a: b: c\n', 6],
    ['- {a: b\n', 8],
    ['- *b\n', 4],
    ['- a\x07b\n', 3],
    ['\ufeff- a: b: c\n', 7],
  ];
  for (const [text, index] of broken) {
    assert.throws(
      () => read(text),
      (error: unknown) => error instanceof YamlSyntaxError && error.index === index,
      text,
    );
  }
});

test('comments cost no more than their length', () => {
  const rule = `#${'#'.repeat(5000)}\n`.repeat(50);
  assert.deepEqual(read(`${rule}- a: b\n${rule}  c: d\n${rule}- e\n${rule}`).map(plain), [[{ a: 'b', c: 'd' }, 'e']]);
  assert.deepEqual(read(rule), []);
});

test('any text is read or refused', () => {
  const piece = fc.constantFrom(
    '- ',
    'a',
    ': ',
    '\n',
    '  ',
    '[',
    ']',
    '{',
    '}',
    ',',
    '"',
    "'",
    '|',
    '>',
    '&x ',
    '*x',
    '!t ',
    '#',
    '? ',
    '---\n',
    '\t',
    '~',
    '\\',
  );
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(anything, (text) => {
      try {
        for (const scalar of read(text).flatMap(scalars)) scalarPositions(text, scalar);
      } catch (error) {
        assert.ok(error instanceof YamlSyntaxError, String(error));
      }
    }),
    { numRuns: 5000 },
  );
});
