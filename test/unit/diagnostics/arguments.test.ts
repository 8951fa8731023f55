// Command-line arguments: what is accepted, and what is refused with which words.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseArguments, UsageError } from '../../../host/diagnostics/arguments.ts';

const TABLE = {
  json: { kind: 'flag', short: 'j', description: '' },
  output: { kind: 'text', short: 'o', value: 'FILE', description: '' },
  matching: { kind: 'text', value: 'HOW', choices: ['first', 'all'], description: '' },
  budget: { kind: 'number', short: 'b', value: 'MB', least: 1, description: '' },
  duration: { kind: 'number', value: 'S', least: 0, fraction: true, description: '' },
} as const;

const parse = (...words: string[]) => parseArguments(TABLE, words);

function refusal(...words: string[]): UsageError {
  try {
    parse(...words);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  return assert.fail(`${words.join(' ')} was accepted`);
}

test('options and operands may be mixed', () => {
  assert.deepEqual(parse('a', '--json', 'b', '-o', 'x', 'c'), {
    options: { json: true, output: 'x' },
    operands: ['a', 'b', 'c'],
  });
});

test('a value follows, or is attached', () => {
  for (const words of [['--output', 'x'], ['--output=x'], ['-o', 'x'], ['-ox']]) {
    assert.deepEqual(parse(...words).options, { output: 'x' });
  }
});

test('a value may be empty, hold an equals sign, or look like an option', () => {
  assert.equal(parse('--output=').options.output, '');
  assert.equal(parse('--output=a=b').options.output, 'a=b');
  assert.equal(parse('--output', '--json').options.output, '--json');
});

test('numbers are numbers', () => {
  assert.deepEqual(parse('-b', '64', '--duration', '0.5').options, { budget: 64, duration: 0.5 });
});

test('after -- everything is an operand, and - alone is one', () => {
  assert.deepEqual(parse('-', '--', '--json', '--').operands, ['-', '--json', '--']);
});

test('an unknown option is refused by name, with what it resembles', () => {
  assert.equal(refusal('--jsom').message, 'unknown option --jsom');
  assert.deepEqual(refusal('--jsom').hint, { word: 'jsom', known: Object.keys(TABLE), prefix: '--' });
  assert.equal(refusal('--jsom=1').message, 'unknown option --jsom');
  assert.equal(refusal('-x').message, 'unknown option -x');
  assert.equal(refusal('--constructor').message, 'unknown option --constructor');
});

test('a value that does not fit is refused with what would', () => {
  assert.equal(refusal('--matching', 'best').hint, 'it is one of first, all');
  for (const text of ['0', '-3', '1.5', 'many', '', ' 7', '0x10']) {
    assert.match(String(refusal(`--budget=${text}`).hint), /a whole number from 1 up/, text);
  }
  assert.match(String(refusal('--duration', '1e3').hint), /a number from 0 up/);
});

test('a missing value, a value too many and an option given twice are refused', () => {
  assert.match(refusal('--output').message, /needs a value/);
  assert.match(refusal('--json=yes').message, /takes no value/);
  assert.match(refusal('--output', 'a', '-o', 'b').message, /given twice/);
  assert.match(refusal('-jo').message, /give single-letter options separately/);
});
