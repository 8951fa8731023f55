// The configuration against texts that nobody would write: whatever is wrong is reported by a code and a place, and nothing is thrown or
// hangs. WASPREY_FUZZ_RUNS sets the number of files, WASPREY_FUZZ_SEED repeats a run.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the configuration's variables

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { ConfigError } from '../../host/config/error.ts';
import { expandVariables } from '../../host/config/expand.ts';
import { loadConfig } from '../../host/config/load.ts';
import { printConfig } from '../../host/config/print.ts';
import { renderDiagnostic } from '../../host/diagnostics/diagnostic-text.ts';
import { findFalcoFile } from '../support/falco-data.ts';
import { HOSTILE_CONFIGS } from '../support/random/hostile-texts.ts';

const SEED = Number(process.env.WASPREY_FUZZ_SEED ?? Date.now() % 2 ** 31);
const RUNS = { numRuns: Number(process.env.WASPREY_FUZZ_RUNS ?? 300), seed: SEED };

let path = '';
before(() => {
  path = join(mkdtempSync(join(tmpdir(), 'wasprey-config-fuzz-')), 'config.yaml');
});
after(() => rmSync(join(path, '..'), { recursive: true }));

const FALCOS = findFalcoFile('falco.yaml');
/** Every key, as our own defaults print it and as Falco's file has it: without comments, in pieces of a line. */
const LINES = [printConfig(loadConfig({ environment: {} })), FALCOS === undefined ? '' : readFileSync(FALCOS, 'utf8')]
  .flatMap((text) => text.split('\n'))
  .filter((line) => !/^ *(#.*)?$/.test(line))
  // Whatever folders there are on this machine.
  .filter((line) => !line.includes('/etc/falco/config.d'));

const TOKENS = [
  ...[
    ': ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '\n',
    '\n  ',
    '|',
    '>',
    '&a ',
    '*a',
    '!!int ',
    '---\n',
    '# ',
    '~',
    '\t',
    '\0',
  ],
  ...[
    '${HOME}',
    '${A',
    '$${A}',
    '${',
    '}',
    '\ufeff',
    '\u2028',
    '\ud83d',
    '\u001b[31m',
    'yes',
    '-1',
    '1e999',
    '.inf',
    '0x10',
  ],
  ...['config_files: [x]\n', 'rules: [{enable: {rule: a}}]\n', 'webserver:', 'static_fields: {a: b}\n', '<<: *a\n'],
];
const token = fc.oneof(fc.constantFrom(...TOKENS), fc.string({ unit: 'binary', maxLength: 4 }));

const mutated = fc
  .record({
    from: fc.nat(LINES.length - 1),
    count: fc.nat(LINES.length),
    changes: fc.array(fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), cut: fc.nat(20), token }), {
      maxLength: 4,
    }),
  })
  .map(({ from, count, changes }) => {
    let text = `${LINES.slice(from, from + count).join('\n')}\n`;
    for (const { at, cut, token: piece } of changes) {
      const index = Math.floor(at * text.length);
      text = text.slice(0, index) + piece + text.slice(index + cut);
    }
    return text;
  });

/** @returns whether the configuration can be used */
function loadsSoundly(content: string | Uint8Array, options: readonly string[] = []): boolean {
  writeFileSync(path, content);
  try {
    const loaded = loadConfig({ path, options, environment: { HOME: '/root', A: '${A}' } });
    // What it comes to can be shown, and does nothing to a terminal.
    assert.doesNotMatch(printConfig(loaded).replaceAll('\n', ''), /\p{Cc}/u);
    return true;
  } catch (error) {
    assert.ok(error instanceof ConfigError, `${String(error)}\n${error instanceof Error ? error.stack : ''}`);
    assert.ok(error.diagnostics.length > 0);
    for (const diagnostic of error.diagnostics) {
      const { code, line, column, span, message } = diagnostic;
      assert.match(code, /^CONFIG_[A-Z_]+$/);
      assert.ok(
        message !== '' && line >= 1 && column >= 1 && span.start === column - 1 && span.end > span.start,
        message,
      );
      assert.doesNotMatch(renderDiagnostic(diagnostic).replaceAll('\n', ''), /\p{Cc}/u);
    }
    return false;
  }
}

test(`configurations that were mutated (seed ${SEED})`, () => {
  let loaded = 0;
  fc.assert(
    fc.property(mutated, (text) => {
      if (loadsSoundly(text)) loaded++;
    }),
    { ...RUNS, numRuns: 2 * RUNS.numRuns },
  );
  assert.ok(loaded > 0, 'no mutated file loads');
});

test(`any bytes (seed ${SEED})`, () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        fc.array(token, { maxLength: 40 }).map((parts) => parts.join('')),
      ),
      (bytes) => {
        loadsSoundly(bytes);
      },
    ),
    { ...RUNS, numRuns: 3 * RUNS.numRuns },
  );
});

const KEYS = [
  'webserver',
  'listen_port',
  'rules',
  'json_output',
  'a',
  '[0]',
  '[]',
  '[99]',
  '.',
  '\\.',
  '\\[',
  '=',
  '{',
  '}',
  ' ',
  '"',
  '${A}',
  '1',
];

test(`options of any form (seed ${SEED})`, () => {
  const option = fc
    .array(fc.oneof(fc.constantFrom(...KEYS), fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 8 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.array(option, { minLength: 1, maxLength: 3 }), (options) => {
      // Files that options would name are not there.
      fc.pre(!options.some((text) => /config_files/.test(text)));
      loadsSoundly('json_output: true\nrules: []\n', options);
    }),
    { ...RUNS, numRuns: 3 * RUNS.numRuns },
  );
});

test(`variables in any text come to an end (seed ${SEED})`, () => {
  const part = fc.oneof(
    fc.constantFrom('$', '{', '}', '${', '$${', 'A', 'B', '${A}', '${B}'),
    fc.string({ maxLength: 3 }),
  );
  const text = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, text, text, (written, A, B) => {
      const expanded = expandVariables(written, { A, B });
      if (!written.includes('$')) assert.equal(expanded, written);
    }),
    { ...RUNS, numRuns: 5 * RUNS.numRuns },
  );
});

for (const [what, text] of Object.entries(HOSTILE_CONFIGS)) {
  test(`it ends: ${what}`, () => {
    loadsSoundly(text);
  });
}
