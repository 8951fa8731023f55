// The loader of rule files against texts that nobody would write: it throws nothing, does not hang, and whatever it says
// has a code and a place in the file. WASPREY_FUZZ_RUNS sets the number of files, WASPREY_FUZZ_SEED repeats a run.

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { PROJECT } from '../../host/setup/paths.mjs';
import { LOAD_LIMIT_MS, loadSoundly } from '../support/diagnostics.ts';

const SEED = Number(process.env.WASPREY_FUZZ_SEED ?? Date.now() % 2 ** 31);
const RUNS = { numRuns: Number(process.env.WASPREY_FUZZ_RUNS ?? 300), seed: SEED };

/** Items of the rules that ship, with their lists and macros: a file that is mutated is a handful of them. */
const ITEMS = globSync(`${PROJECT}rules/*.yaml`)
  .sort()
  .flatMap((path) => readFileSync(path, 'utf8').split(/\n(?=- )/))
  .filter((item) => item.startsWith('- '));

const TOKENS = [
  ...['- ', ': ', '? ', '{', '}', '[', ']', ',', '#', '&a ', '*a', '!!str ', '!x ', '| ', '>-', '---\n', '...\n'],
  ...[
    '"',
    "'",
    '\\',
    '\t',
    '\r\n',
    '\n',
    '\n  ',
    '\n    ',
    '%YAML 1.2\n',
    '<<: ',
    '~',
    'null',
    '\0',
    '\ufeff',
    '\ud83d',
  ],
  ...['rule: ', 'macro: ', 'list: ', 'condition: ', 'items: ', 'output: ', 'priority: ', 'exceptions: ', 'override: '],
  ...[
    'append: true',
    'enabled: maybe',
    'required_engine_version: ',
    'required_plugin_versions: ',
    'fields: ',
    'comps: ',
  ],
  ...['evt.type', ' = open', ' in (', 'and ', 'not ', '%fd.name', '%', '%proc.aname[', '1.2.3', '0x1F', 'replace'],
];

const token = fc.oneof(fc.constantFrom(...TOKENS), fc.string({ unit: 'binary', maxLength: 4 }));

/** Rules that ship, with pieces removed, repeated, put elsewhere, and with tokens in between. */
const mutated = fc
  .record({
    items: fc.array(fc.constantFrom(...ITEMS), { minLength: 1, maxLength: 6 }),
    changes: fc.array(
      fc.record({
        kind: fc.constantFrom('insert', 'remove', 'repeat', 'move', 'replace'),
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        to: fc.double({ min: 0, max: 1, noNaN: true }),
        length: fc.integer({ min: 1, max: 60 }),
        token,
      }),
      { minLength: 1, maxLength: 6 },
    ),
  })
  .map(({ items, changes }) => {
    let text = `${items.join('\n')}\n`;
    for (const change of changes) {
      const at = Math.floor(change.at * text.length);
      const piece = text.slice(at, at + change.length);
      const [before, after] = [text.slice(0, at), text.slice(at + change.length)];
      if (change.kind === 'insert') text = before + change.token + piece + after;
      else if (change.kind === 'remove') text = before + after;
      else if (change.kind === 'repeat') text = before + piece + piece + after;
      else if (change.kind === 'replace') text = before + change.token + after;
      else {
        const rest = before + after;
        const to = Math.floor(change.to * rest.length);
        text = rest.slice(0, to) + piece + rest.slice(to);
      }
    }
    return text;
  });

test(`rules that were mutated (seed ${SEED})`, () => {
  let loaded = 0;
  fc.assert(
    fc.property(mutated, (text) => {
      if (loadSoundly(text).successful) loaded++;
    }),
    RUNS,
  );
  // Otherwise nothing but the YAML parser would be tested.
  assert.ok(loaded > 0, 'no mutated file loads');
});

test(`tokens in any order (seed ${SEED})`, () => {
  fc.assert(
    fc.property(fc.array(token, { maxLength: 60 }), (tokens) => void loadSoundly(tokens.join(''))),
    { ...RUNS, numRuns: RUNS.numRuns * 5 },
  );
});

test(`any bytes, read as UTF-8 (seed ${SEED})`, () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void loadSoundly(Buffer.from(bytes).toString('utf8'))),
    { ...RUNS, numRuns: RUNS.numRuns * 5 },
  );
});

const rule = (condition: string): string =>
  `- rule: r\n  desc: d\n  condition: ${condition}\n  output: o\n  priority: INFO\n`;
const times = (count: number, item: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => item(i)).join('');

/** What makes a small file large, deep or slow. */
const BOMBS: Readonly<Record<string, string>> = {
  'sequences in sequences': '['.repeat(100_000),
  'sequences in sequences, closed': `- list: a\n  items: ${'['.repeat(5000)}${']'.repeat(5000)}\n`,
  'mappings in mappings': '{a: '.repeat(20_000),
  'blocks in blocks': '- '.repeat(20_000),
  'indentation that grows': times(2000, (level) => `${' '.repeat(level)}a:\n`),
  'complex keys in complex keys': '? '.repeat(10_000),
  'nine aliases of nine aliases': `a0: &a0 x\n${times(12, (n) => `a${n + 1}: &a${n + 1} [${`*a${n},`.repeat(9)}]\n`)}`,
  'items that are aliases of lists twice as long': `- list: l0\n  items: &a0 [x, y]\n${times(40, (n) => `- list: l${n + 1}\n  items: &a${n + 1} [*a${n}, *a${n}]\n`)}`,
  'an alias of what it stands in': '- &r\n  rule: a\n  condition: *r\n',
  'a scalar of 3 MB': `- list: a\n  items: ["${'x'.repeat(3_000_000)}"]\n`,
  'a constant of 1 MB': rule(`evt.type = open and fd.name = "${'a'.repeat(1_000_000)}"`),
  '20,000 checks': rule(`>\n${'    evt.type = open and fd.name = a or\n'.repeat(20_000)}    evt.type = open`),
  '100,000 items in a condition': `- list: a\n  items: [${times(100_000, (n) => `a${n},`)}]\n${rule('evt.type = open and fd.name in (a)')}`,
  'macros that double': `- macro: m0\n  condition: evt.type = open\n${times(40, (n) => `- macro: m${n + 1}\n  condition: m${n} or m${n}\n`)}${rule('m40')}`,
  'lists that double': `- list: l0\n  items: [a, b]\n${times(40, (n) => `- list: l${n + 1}\n  items: [l${n}, l${n}]\n`)}${rule('evt.type = open and fd.name in (l40)')}`,
  'a warning for each of 10,000 items on one line': `[${'a: b, '.repeat(10_000)}]`,
  'a million empty lines': `${'\n'.repeat(1_000_000)}- x`,
  'a million blanks': `- list: a\n  items: [${' '.repeat(1_000_000)}a]\n`,
  '10,000 keys': `- rule: x\n${times(10_000, (n) => `  k${n}: v\n`)}`,
  '5,000 documents': '---\n- list: a\n  items: []\n'.repeat(5000),
};

for (const [what, text] of Object.entries(BOMBS)) {
  test(`it takes no longer than it should: ${what}`, () => {
    loadSoundly(text, 5 * LOAD_LIMIT_MS);
  });
}
