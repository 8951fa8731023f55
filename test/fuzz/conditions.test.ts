// The parser of conditions against any text: it gives a tree or says at which byte it gave up, and nothing else; and the
// loader shows that place in the file. WASPREY_FUZZ_RUNS sets the number of conditions, WASPREY_FUZZ_SEED repeats a run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  LIST_OPERATORS,
  MODIFIERS,
  NUMERIC_OPERATORS,
  STRING_OPERATORS,
  TRANSFORMERS,
} from '../../host/compiler/conditions/ast.ts';
import { ConditionSyntaxError } from '../../host/compiler/conditions/lexer.ts';
import { parseCondition } from '../../host/compiler/conditions/parser.ts';
import { printCondition } from '../../host/compiler/conditions/print.ts';
import { loadSoundly } from '../support/diagnostics.ts';
import { arbitraryCondition } from '../support/random/arbitrary-condition.ts';
import { HOSTILE_CONDITIONS } from '../support/random/hostile-texts.ts';

const SEED = Number(process.env.WASPREY_FUZZ_SEED ?? Date.now() % 2 ** 31);
const RUNS = { numRuns: Number(process.env.WASPREY_FUZZ_RUNS ?? 3000), seed: SEED };

const TOKENS = [
  ...[...STRING_OPERATORS, ...NUMERIC_OPERATORS, ...LIST_OPERATORS, ...MODIFIERS, 'exists', 'and', 'or', 'not'],
  ...TRANSFORMERS.map((name) => `${name}(`),
  ...[
    'val(',
    '(',
    ')',
    ',',
    '[',
    ']',
    '"',
    "'",
    '\\',
    '\\x4',
    '\n',
    '\t',
    '\0',
    '0x',
    '1e',
    '-',
    '%',
    '{',
    '/',
    '<NA>',
    '\ud83d',
  ],
  ...[
    'evt.type',
    'open',
    'execve',
    'fd.name',
    'proc.aname[2]',
    'proc.aname[',
    'evt.arg.flags',
    'fd.snet',
    '10.0.0.0/8',
    'fd.rport',
  ],
  ...['proc.nmae', 'a_macro', 'evt.rawres', '1.5', '99999999999999999999', 'true', '::1', '"(a|b)*["', 'proc.env[A]'],
];
const token = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...TOKENS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 3 }) },
);

const ofTokens = fc
  .array(fc.tuple(token, fc.constantFrom(' ', '', '\n')), { maxLength: 40 })
  .map((tokens) => tokens.flat().join(''));

/** A condition of the grammar with a few tokens put in, or some characters removed. */
const mutated = fc
  .record({
    tree: arbitraryCondition,
    changes: fc.array(
      fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), removed: fc.nat(6), token: fc.option(token) }),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
  })
  .map(({ tree, changes }) =>
    changes.reduce((text, { at, removed, token: added }) => {
      const index = Math.floor(at * text.length);
      return text.slice(0, index) + (added ?? '') + text.slice(index + removed);
    }, printCondition(tree)),
  );

/** @returns whether it is a condition */
function parseSoundly(text: string): boolean {
  try {
    parseCondition(text);
    return true;
  } catch (error) {
    assert.ok(error instanceof ConditionSyntaxError, String(error));
    assert.ok(
      error.message !== '' && error.offset >= 0 && error.offset <= Buffer.byteLength(text),
      `offset ${error.offset}`,
    );
    return false;
  }
}

for (const [what, conditions] of [
  ['tokens in any order', ofTokens],
  ['conditions that were mutated', mutated],
] as const) {
  test(`the parser: ${what} (seed ${SEED})`, () => {
    let parsed = 0;
    fc.assert(
      fc.property(conditions, (text) => {
        if (parseSoundly(text)) parsed++;
      }),
      RUNS,
    );
    assert.ok(parsed > 0 && parsed < RUNS.numRuns, `${parsed} of ${RUNS.numRuns} are conditions`);
  });

  test(`in a rule: ${what} (seed ${SEED})`, () => {
    fc.assert(
      fc.property(conditions, fc.boolean(), (text, folded) => {
        // JSON's texts are YAML's, apart from surrogates that stand alone.
        const plain = text.toWellFormed().replaceAll('\0', ' ');
        const scalar = folded ? `>\n    ${plain.replaceAll('\n', '\n    ')}` : JSON.stringify(plain);
        loadSoundly(`- rule: r\n  desc: d\n  condition: ${scalar}\n  output: o %fd.name\n  priority: INFO\n`);
      }),
      { ...RUNS, numRuns: Math.ceil(RUNS.numRuns / 3) },
    );
  });
}

for (const [what, text, good] of HOSTILE_CONDITIONS) {
  test(`deep or long: ${what}`, () => {
    assert.equal(parseSoundly(text), good);
  });
}
