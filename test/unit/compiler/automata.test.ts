// Globs, regular expressions and path prefixes as automata.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  AutomatonTooLargeError,
  accepts,
  automatonOf,
  readingCase,
} from '../../../host/compiler/automata/automaton.ts';
import { groupsOfEqualStates } from '../../../host/compiler/automata/equal-states.ts';
import { globEnds, globPattern, matchesGlob, simpleGlob } from '../../../host/compiler/automata/glob.ts';
import { replacingInvalid } from '../../../host/compiler/automata/invalid-utf8.ts';
import { pathPrefixPattern } from '../../../host/compiler/automata/path-prefix.ts';
import { literalWithin } from '../../../host/compiler/automata/pattern.ts';
import { RegexSyntaxError, regexPattern } from '../../../host/compiler/automata/regex.ts';
import { HOSTILE_PATTERNS } from '../../support/random/hostile-texts.ts';
import { fnmatch } from '../../support/reference/fnmatch.ts';

const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const glob = (pattern: string, text: string): boolean => accepts(automatonOf(globPattern(bytes(pattern))), bytes(text));
const regex = (pattern: string, text: string): boolean =>
  accepts(replacingInvalid(automatonOf(regexPattern(bytes(pattern)))), text);

test('globs are fnmatch with flags 0', () => {
  const piece = fc.constantFrom('a', 'b', '/', '.', '*', '?', '[ab]', '[!a]', '[a-c/]', '[^/]', '\\*', '\\a', '[', '-');
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '/', '.', '*', '[', '-', '\\'), maxLength: 8 });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), text, (pieces, value) => {
      const pattern = pieces.join('');
      // A bracket that is not closed may pair with a later one: the plain matcher of the test doesn't know all of that.
      fc.pre(!/\[[^\]]*\[/.test(pattern) && !/\[[^\]]*\\/.test(pattern));
      assert.equal(glob(pattern, value), fnmatch(pattern, value), `${pattern} on ${value}`);
    }),
    { numRuns: 3000 },
  );
});

test('without an automaton a glob matches the same texts', () => {
  const piece = fc.constantFrom(
    'a',
    'B',
    '/',
    '*',
    '?',
    '[ab]',
    '[!a]',
    '[a-',
    '[[:upper:]]',
    ']',
    '\\',
    '[',
    '-',
    '\xff',
  );
  const text = fc.string({ unit: fc.constantFrom('a', 'A', 'b', '/', '*', '[', '-', '\\', '\xff'), maxLength: 8 });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), text, fc.boolean(), (pieces, value, ignoreCase) => {
      const pattern = pieces.join('');
      const expected = accepts(automatonOf(globPattern(pattern, { ignoreCase })), value);
      assert.equal(matchesGlob(value, pattern, ignoreCase), expected, `${pattern} on ${value}`);
    }),
    { numRuns: 3000 },
  );
  const stars = `${'*a'.repeat(2_000)}b`;
  assert.equal(matchesGlob('a'.repeat(20_000), stars, false), false);
});

test('bracket expressions', () => {
  assert.ok(glob('[[:digit:]x]*', '1abc'));
  assert.ok(glob('[]a]', ']'));
  assert.ok(glob('[!]a]', 'b'));
  assert.ok(glob('[a', '[a'), 'an open bracket stands for itself');
  assert.ok(!glob('a\\', 'a\\'), 'a backslash at the end matches nothing');
  assert.ok(glob('?', '\xff'.slice(0, 1)) === false, 'a question mark is one byte, U+00FF is two');
});

test('iglob: a negated class leaves out both cases', () => {
  const automaton = automatonOf(globPattern('[!a]x', { ignoreCase: true }));
  assert.ok(!accepts(automaton, 'Ax'));
  assert.ok(accepts(automaton, 'BX'));
});

test('what a glob comes down to', () => {
  assert.deepEqual(simpleGlob('*.log'), { op: 'endswith', value: '.log' });
  assert.deepEqual(simpleGlob('/etc/*'), { op: 'startswith', value: '/etc/' });
  assert.deepEqual(simpleGlob('**'), { op: 'contains', value: '' });
  assert.equal(simpleGlob('/a/*/b'), undefined);
  assert.deepEqual(globEnds('/proc/*/environ'), { head: '/proc/', tail: '/environ', exact: true });
  assert.deepEqual(globEnds('/a?*[b]c'), { head: '/a', tail: '', exact: false });
});

test('what is looked for before an automaton runs is in every text that it accepts', () => {
  const within = (pattern: string): string => literalWithin(globPattern(bytes(pattern)));
  assert.equal(within('*ab?LD_PRELOAD=*c'), 'LD_PRELOAD=');
  assert.equal(within('/a/*LD_PRELOAD=*'), '', 'the first bytes decide sooner');
  assert.equal(within('*é*'), '');
  assert.equal(literalWithin(regexPattern('.*key[0-9]+=(x|y)value')), 'value');
  assert.equal(literalWithin(regexPattern('.*a|.*b')), '');

  const piece = fc.constantFrom('*', '?', 'ab', 'ba', 'a', '[ab]', '[a]', '\\*', '\xe9');
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '\xe9', '\xc3'), maxLength: 12 });
  let found = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 5 }), text, (pieces, value) => {
      const pattern = globPattern(`*${pieces.join('')}`);
      if (!accepts(automatonOf(pattern), value)) return;
      found += Number(literalWithin(pattern) !== '');
      assert.ok(value.includes(literalWithin(pattern)), `${pieces.join('')} on ${value}`);
    }),
    { numRuns: 5000 },
  );
  const regexPiece = fc.constantFrom('.*', '.', 'ab', 'a?', '(b|ab)', 'b+', '[ab]', 'é');
  fc.assert(
    fc.property(fc.array(regexPiece, { maxLength: 5 }), text, (pieces, value) => {
      const pattern = regexPattern(bytes(`.*${pieces.join('')}`));
      if (!accepts(replacingInvalid(automatonOf(pattern)), value)) return;
      found += Number(literalWithin(pattern) !== '');
      assert.ok(value.includes(literalWithin(pattern)), `${pieces.join('')} on ${value}`);
    }),
    { numRuns: 5000 },
  );
  assert.ok(found > 100, `${found} texts that have one`);
});

test('a path prefix goes by components', () => {
  const matches = (prefix: string, path: string): boolean => accepts(automatonOf(pathPrefixPattern(prefix)), path);
  for (const prefix of ['etc', '/etc', '/etc/', '//etc']) assert.ok(matches(prefix, '/etc/passwd'), prefix);
  assert.ok(matches('/etc', '/etc'));
  assert.ok(matches('/etc', 'etc//x'));
  assert.ok(!matches('/et', '/etc/passwd'));
  assert.ok(matches('/', ''));
  assert.ok(matches('/home/*/.ssh', '/home/x/.ssh/id_rsa'));
  assert.ok(!matches('/home/*/.ssh', '/home/x/y/.ssh/id_rsa'), 'a star stays within its component');
});

test('regular expressions match whole texts, as RE2 does in POSIX mode', () => {
  const cases: readonly [string, string, boolean][] = [
    ['a|b', 'b', true],
    ['(ab)+c{2,3}', 'ababcc', true],
    ['(ab)+c{2,3}', 'abcccc', false],
    ['[[:alpha:]_][[:alnum:]_]*', '_x9', true],
    ['[^/]*', 'a/b', false],
    ['[]a-]+', ']-a', true],
    ['a.c', 'a\nc', false],
    ['^abc$', 'abc', true],
    ['^a|b$', 'b', true],
    ['a\\.b', 'a.b', true],
    ['\\x41\\x{e9}', bytes('Aé'), true],
    ['.', bytes('é'), true],
    ['..', bytes('é'), false],
    ['.', bytes('😀'), true],
    ['[à-ü]+', bytes('éö'), true],
    ['x{,3}', 'x{,3}', true],
    ['', '', true],
    ['a||b', '', true],
  ];
  for (const [pattern, text, expected] of cases)
    assert.equal(regex(pattern, text), expected, `${pattern} on ${JSON.stringify(text)}`);
});

test('bytes that are no UTF-8 count as U+FFFD', () => {
  assert.ok(regex('a.b', 'a\xffb'));
  assert.ok(regex('a..b', 'a\xff\xfeb'));
  assert.ok(regex('.', '\xe2\x82'), 'a sequence that is cut short is one');
  assert.ok(!regex('..', '\xe2\x82'));
  assert.ok(!regex('[a-z]', '\xff'));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 10 }), (value) => {
      const decoded = [...new TextDecoder().decode(value)].length;
      const raw = Buffer.from(value).toString('latin1');
      const marked = new TextDecoder('utf-8', { ignoreBOM: true }).decode(value);
      assert.equal(regex(`(.|\n){${[...marked].length}}`, raw), true, `${decoded}`);
    }),
    { numRuns: 200 },
  );
});

test('invalid expressions are refused', () => {
  for (const pattern of [
    '(',
    ')',
    '[a',
    'a\\',
    '*a',
    '+',
    'a{2,1}',
    'a{2000}',
    '[z-a]',
    '[[:nope:]]',
    '\\d',
    '\\8',
    '(?:a)',
    '\\x1',
  ]) {
    assert.throws(() => regexPattern(pattern), RegexSyntaxError, pattern);
  }
});

test('an automaton that grows too large is refused', () => {
  for (const pattern of HOSTILE_PATTERNS) {
    assert.throws(() => automatonOf(regexPattern(pattern)), AutomatonTooLargeError, pattern);
  }
});

test('case: read in lower case, a capital moves the automaton as its small letter does', () => {
  const automaton = readingCase(automatonOf(globPattern('[a-c]X')), 'lower');
  assert.ok(!accepts(automaton, 'AX'), 'no folded text has a capital');
  assert.ok(accepts(readingCase(automatonOf(globPattern('[a-c]x')), 'lower'), 'BX'));
});

/** Moore's algorithm: all states are looked at again until no group is split. */
function groupsByRounds(accepting: readonly boolean[], rows: readonly (readonly number[])[]): number[] {
  let groups = accepting.map(Number);
  for (let count = 0; ; ) {
    const numbers = new Map<string, number>();
    groups = rows.map((row, state) => {
      const key = [groups[state], ...row.map((to) => groups[to])].join();
      const number = numbers.get(key) ?? numbers.size;
      numbers.set(key, number);
      return number;
    });
    if (numbers.size === count) return groups;
    count = numbers.size;
  }
}

test('equal states are those that rounds over all states find equal', () => {
  const automata = fc
    .record({ size: fc.integer({ min: 1, max: 40 }), columns: fc.integer({ min: 1, max: 4 }) })
    .chain(({ size, columns }) =>
      fc.record({
        accepting: fc.array(fc.boolean(), { minLength: size, maxLength: size }),
        rows: fc.array(fc.array(fc.nat(size - 1), { minLength: columns, maxLength: columns }), {
          minLength: size,
          maxLength: size,
        }),
      }),
    );
  let equal = 0;
  fc.assert(
    fc.property(automata, ({ accepting, rows }) => {
      const groups = groupsOfEqualStates(accepting, rows, rows[0]?.length ?? 0);
      assert.deepEqual(groups, groupsByRounds(accepting, rows));
      equal += Number(new Set(groups).size < rows.length);
    }),
    { numRuns: 2000 },
  );
  assert.ok(equal > 100, `${equal} automata had equal states`);
});
