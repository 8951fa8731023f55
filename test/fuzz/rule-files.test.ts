// The loader of rule files against texts that nobody would write: it throws nothing, does not hang, and whatever it says
// has a code and a place in the file. WASPREY_FUZZ_RUNS sets the number of files, WASPREY_FUZZ_SEED repeats a run.

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { PROJECT } from '../../host/setup/paths.mjs';
import { loadSoundly } from '../support/diagnostics.ts';
import { HOSTILE_RULE_FILES } from '../support/random/hostile-texts.ts';

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
  ...['val(', 'tolower(', '[1]', "['']", '__proto__: ', 'constructor: ', '!!binary ', '!!omap ', '.inf', '2001-01-01'],
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

for (const [what, text] of Object.entries(HOSTILE_RULE_FILES)) {
  test(`it ends: ${what}`, () => {
    loadSoundly(text);
  });
}
