// What a malicious author may try, as whole modules in text (test/sandbox-corpus): each says in its head how it must end, and the table in
// host/sandbox/README.md names it. `(check N)` in them stands for a fuel check.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { compileRuleModule } from '../../../host/sandbox/compile-module.ts';
import { SandboxError } from '../../../host/sandbox/error.ts';
import { instantiateRuleModule } from '../../../host/sandbox/instantiate.ts';
import { runCandidates, runEvaluate } from '../../../host/sandbox/run.ts';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { assembleText, check, sharedMemory, writeRecords } from '../../support/sandbox/wasm-builder.ts';

const CORPUS = join(PROJECT, 'test/sandbox-corpus');
const RING = 65536;
const RECORDS = 3;
const RULES = 2;

const files = readdirSync(CORPUS).filter((name) => name.endsWith('.wat'));
const table = readFileSync(join(PROJECT, 'host/sandbox/README.md'), 'utf8');

/** How a module ends: `refused CODE`, `run KIND` of failure, or `run ok`. */
function outcome(bytes: Uint8Array): string {
  const memory = sharedMemory(2);
  const to = writeRecords(memory, RING, RECORDS);
  const before = Buffer.from(new Uint8Array(memory.buffer));
  try {
    const instance = instantiateRuleModule(compileRuleModule(bytes), { memory, ruleCount: RULES, match: () => {} });
    const candidates = runCandidates(instance, RING, 0);
    const result = candidates.ok ? runEvaluate(instance, RING, to) : candidates;
    assert.ok(before.equals(new Uint8Array(memory.buffer)), 'it wrote to the memory');
    return `run ${result.ok ? 'ok' : result.kind}`;
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    return `refused ${error.code}`;
  }
}

describe('sandbox: a corpus of hostile modules', () => {
  for (const file of files) {
    test(file, () => {
      const text = readFileSync(join(CORPUS, file), 'utf8');
      const [, expected] = /^;; expect: (.*)$/m.exec(text) ?? [];
      const bytes = assembleText(text.replace(/\(check (\d+)\)/g, (_, charge: string) => check(Number(charge))));
      assert.equal(outcome(bytes), expected);
    });
  }

  test('the table of the documentation names each, with how it ends', () => {
    for (const file of files) {
      const [, expected = ''] = /^;; expect: (.*)$/m.exec(readFileSync(join(CORPUS, file), 'utf8')) ?? [];
      const name = file.replace('.wat', '');
      const row = table.split('\n').find((line) => line.startsWith('|') && line.includes(`\`${name}\``));
      assert.ok(row, `${name} is not in host/sandbox/README.md`);
      assert.ok(row.includes(expected.replace(/^\w+ /, '')), `${row} does not say ${expected}`);
    }
  });
});
