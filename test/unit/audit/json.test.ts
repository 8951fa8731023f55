// JSON of audit events: what is read, how texts are spelt, and that nothing else passes for it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { indentedJson } from '../../../host/audit/json/indent.ts';
import { follow, parsePointer } from '../../../host/audit/json/pointer.ts';
import { JsonError, JsonScanner } from '../../../host/audit/json/scan.ts';
import { JsonValues, keyOf, NOWHERE } from '../../../host/audit/json/values.ts';

function scan(text: string | Uint8Array): JsonValues {
  const scanner = new JsonScanner();
  scanner.scan(typeof text === 'string' ? Buffer.from(text) : text);
  return new JsonValues(scanner);
}

function bytesOf(values: JsonValues, value: number): string {
  return Buffer.from(values.bytes(value)).toString();
}

function textAt(json: string, pointer: string): string | undefined {
  const values = scan(json);
  const found = follow(values, 0, parsePointer(pointer));
  return found === NOWHERE ? undefined : Buffer.from(values.text(found), 'latin1').toString();
}

test('what JSON.stringify writes is read, whatever blanks stand between its tokens', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(0, 2, '\t'), (json, indent) => {
      const spread = JSON.stringify(JSON.parse(json), null, indent);
      assert.equal(scan(` \r\n${spread} `).isString(0) ? '' : bytesOf(scan(spread), 0), compactOf(spread));
    }),
  );
});

function compactOf(json: string): string {
  const value: unknown = JSON.parse(json);
  return typeof value === 'string' ? '' : JSON.stringify(value);
}

test('only JSON is read: the same as JSON.parse takes', () => {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '\\',
    '\\u00e9',
    'true',
    'nul',
    '-',
    '0',
    '1',
    '.5',
    'e+',
    ' ',
    '\n',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), (parts) => {
      const text = parts.join('');
      assert.equal(isRead(text), isParsed(text), JSON.stringify(text));
    }),
    { numRuns: 3000 },
  );
  for (const text of [
    '',
    ' ',
    '\ufeff{}',
    '"\u0001"',
    '"\\x"',
    '"\\u12"',
    '01',
    '1.',
    '-',
    '[1,]',
    '{"a"}',
    '{} {}',
    "{'a':1}",
  ])
    assert.equal(isRead(text), false, JSON.stringify(text));
});

function isRead(text: string): boolean {
  try {
    scan(text);
    return true;
  } catch (error) {
    assert.ok(error instanceof JsonError, String(error));
    return false;
  }
}

function isParsed(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test('depth is bounded', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  assert.equal(isRead(nested(300)), true);
  assert.equal(isRead(nested(301)), false);
  assert.equal(isRead('['.repeat(1_000_000)), false);
});

test('values keep their spelling; a NUL ends a text', () => {
  const json =
    '{ "n": 1.50e3, "s": "\\u00e9\\"\\n\\/", "o": {"b":"\\u00e9", "a": [ ]}, "z": "ab\\u0000c", "t": true, "x": null }';
  const expected = {
    '/n': '1.50e3',
    '/s': 'é"\n/',
    '/o': '{"b":"\\u00e9","a":[]}',
    '/z': 'ab',
    '/t': 'true',
    '/x': 'null',
  };
  for (const [pointer, text] of Object.entries(expected)) assert.equal(textAt(json, pointer), text);
  assert.equal(bytesOf(scan('{"raw":"\u00ff\u{1f600}"}'), 2), 'ÿ😀');
});

test('keys: the first of several counts, also where one is spelt with escapes', () => {
  assert.equal(textAt('{"a":1,"a":2}', '/a'), '1');
  assert.equal(textAt('{"\\u0061":1,"a":2}', 'a'), '1');
  assert.equal(textAt('{"a/b":{"~":"x"}}', '/a~1b/~0'), 'x');
  assert.equal(textAt('{"":{"":3}}', '//'), '3');
  assert.equal(textAt('{"__proto__":4}', '/__proto__'), '4');
  assert.equal(textAt('{}', '/constructor'), undefined);
});

test('elements by number', () => {
  const json = '{"l":["a",{"b":"c"},[7]]}';
  const expected = {
    '/l/0': 'a',
    '/l/00': 'a',
    '/l/1/b': 'c',
    '/l/2/0': '7',
    '/l/3': undefined,
    '/l/-': undefined,
    '/l/-1': undefined,
  };
  for (const [pointer, text] of Object.entries(expected)) assert.equal(textAt(json, pointer), text, pointer);
  assert.equal(scan('[1]').member(0, keyOf('0')), NOWHERE);
});

test('indented as JSON.stringify does it, up to a size', () => {
  const value = { a: [1, { b: 'x"y' }, []], c: {}, d: null };
  assert.equal(indentedJson(scan(JSON.stringify(value)), 0, 1000), JSON.stringify(value, null, 2));
  const deep = `${'['.repeat(299)}${'[],'.repeat(50_000)}[]${']'.repeat(299)}`;
  assert.equal(indentedJson(scan(deep), 0, 1000), undefined);
});

test('keys spelt with escapes are those of JSON.parse', () => {
  const spelt = fc.array(
    fc.constantFrom(
      'a',
      's',
      'é',
      '\\n',
      '\\/',
      '\\"',
      '\\\\',
      '\\u0061',
      '\\u00e9',
      '\\u004A',
      '\\u0161',
      '\\ud83d\\ude00',
    ),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(spelt, spelt, (name, other) => {
      const key = JSON.parse(`"${other.join('')}"`) as string;
      const isSame = JSON.parse(`"${name.join('')}"`) === key;
      const values = scan(`{"${name.join('')}":1}`);
      assert.equal(values.member(0, keyOf(key)) !== NOWHERE, isSame);
    }),
    { numRuns: 2000 },
  );
});
