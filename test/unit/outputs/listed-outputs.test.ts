// Each output that is defined can be used, by the table that gives it keys, checks and documentation; and only who asks for it has it.

import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type OutputKind, outputSection } from '../../../host/outputs/kinds/kind.ts';
import { OUTPUTS } from '../../../host/outputs/kinds/outputs.ts';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { assertSameNames } from '../../support/same-names.ts';

function isOutput(value: unknown): value is OutputKind {
  return typeof value === 'object' && value !== null && 'name' in value && 'keys' in value && 'make' in value;
}

test('each output that a file defines is in the table of outputs', async () => {
  const defined: OutputKind[] = [];
  for (const file of globSync('host/outputs/kinds/*.ts', { cwd: PROJECT })) {
    defined.push(...Object.values<unknown>(await import(join(PROJECT, file))).filter(isOutput));
  }
  assert.ok(defined.length >= OUTPUTS.length);
  assertSameNames(
    OUTPUTS.map(outputSection),
    defined.map(outputSection),
    'DEFINED of host/outputs/kinds/outputs.ts lists each output of host/outputs/kinds/',
  );
});

test('no output but standard output is on by default', () => {
  const on = OUTPUTS.filter(({ keys }) => keys.keys.enabled?.kind === 'flag' && keys.keys.enabled.default);
  assertSameNames(
    on.map(outputSection),
    ['stdout_output'],
    'an output begins when its `enabled` is set: flag(false, ...)',
  );
});
