// Which regular expressions RE2 takes in POSIX mode.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { regexError } from '../../../host/compiler/conditions/regex-syntax.ts';

test('POSIX expressions are taken', () => {
  for (const pattern of [
    '',
    'abc',
    'a|b|',
    '(a(b)c)',
    'a*+?',
    'a{2}',
    'a{2,}',
    'a{2,3}',
    'a{1000}',
    '{',
    'a{',
    'a{x}',
    '{}',
    '^a$',
    '.*',
    '[abc]',
    '[^abc]',
    '[]a]',
    '[^]a]',
    '[a-z]',
    '[a-]',
    '[-a]',
    '[[:alpha:][:^digit:]]',
    '[[:foo]',
    '\\.',
    '\\/',
    '\\n',
    '\\x41',
    '\\x{1F600}',
    '\\0',
    '\\123',
    '[\\]]',
    '[\\n-\\r]',
    'é',
    '😀',
    '()',
    '(|a)',
  ]) {
    assert.equal(regexError(pattern), undefined, pattern);
  }
});

test('others are refused, and why', () => {
  const cases: Readonly<Record<string, RegExp>> = {
    '[': /missing \]/,
    '[a': /missing \]/,
    '[]': /missing \]/,
    '(': /missing \)/,
    ')': /unexpected \)/,
    'a)': /unexpected \)/,
    '*': /no argument/,
    '(*a)': /no argument/,
    'a|*': /no argument/,
    '(?:a)': /no argument/,
    '{2}': /no argument/,
    'a{2,1}': /repetition size: \{2,1\}/,
    'a{1001}': /repetition size/,
    '(a{500}){3}': /repetition size/,
    '[z-a]': /range/,
    '[a-b-c]': /range/,
    '[[:foo:]]': /range/,
    '\\d': /invalid escape sequence: \\d/,
    '\\b': /invalid escape/,
    '\\pL': /invalid escape/,
    '\\x4': /invalid escape/,
    '\\x{110000}': /invalid escape/,
    'a\\': /trailing/,
  };
  for (const [pattern, message] of Object.entries(cases)) assert.match(regexError(pattern) ?? '', message, pattern);
  assert.match(regexError('('.repeat(100_000)) ?? '', /nests too deeply/);
});

test('any text has a verdict', () => {
  const piece = fc.constantFrom('[', ']', '(', ')', '{', '}', '*', '\\', '-', '^', '|', '[:', ':]', 'a', '9', ',', 'x');
  fc.assert(
    fc.property(
      fc.array(piece).map((pieces) => pieces.join('')),
      (pattern) => {
        const error = regexError(pattern);
        assert.ok(error === undefined || error.length > 0);
      },
    ),
    { numRuns: 5000 },
  );
});
