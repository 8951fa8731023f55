// Conditions on fields that are lists, on events that are given by their fields: what the capture brings has none of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileModule } from '../../../host/compiler/compile.ts';
import { GivenModule } from '../../../host/rule-tests/given-module.ts';
import { TEST_MODULES } from '../../support/module-cache.ts';
import { rulesOf } from '../../support/records/rule-module.ts';

/** By condition: whether it holds of a process with the descriptors of files and pipes, of one with none, of one not known. */
const VERDICTS: Readonly<Record<string, readonly [both: boolean, none: boolean, unknown: boolean]>> = {
  'fd.types in (file, pipe)': [true, true, false],
  'fd.types intersects (file)': [true, false, false],
  'toupper(fd.types) in (FILE, PIPE)': [true, true, false],
  'toupper(fd.types) intersects (file)': [false, false, false],
  'not toupper(fd.types) intersects (file)': [true, true, true],
  'join("+", fd.types) = file+pipe': [true, false, false],
  'join("+", toupper(fd.types)) endswith "E+PIPE"': [true, false, false],
  'toupper(join("+", fd.types)) startswith "FILE"': [true, false, false],
  'join(proc.name, fd.types) = filePipepipe': [true, false, false],
  'join("+", fd.types) = ""': [false, true, false],
  'len(join("--", fd.types)) = 10': [true, false, false],
  'len(tolower(fd.types)) = 2': [true, false, false],
  'basename(fd.types) intersects (pipe)': [true, false, false],
  // Four letters are base64, and stand for three bytes.
  'len(b64(fd.types)) = 2': [true, false, false],
  'len(join("", b64(fd.types))) = 6': [true, false, false],
  'fd.types intersects tolower(proc.name)': [true, false, false],
  'fd.types in tolower(proc.name)': [false, true, false],
  'fd.types intersects val(proc.name)': [false, false, false],
  'tolower(proc.name) in tolower(fd.types)': [true, false, false],
  'getopt(fd.types, "f") exists': [true, true, false],
  'len(getopt(fd.types, "f")) = 0': [true, true, false],
};

test('transformers and comparisons go over every element of a list', async () => {
  const conditions = Object.keys(VERDICTS);
  const compiled = await compileModule(rulesOf(conditions), {
    fields: 'given',
    cacheDirectory: TEST_MODULES,
    inThisProcess: true,
  });
  assert.deepEqual(compiled.diagnostics, []);
  const module = new GivenModule(compiled);
  const lists = [['file', 'pipe'], [], undefined];
  for (const [place, types] of lists.entries()) {
    const fields = new Map<string, string | readonly string[]>([['proc.name', 'Pipe']]);
    if (types) fields.set('fd.types', types);
    const matches = module.evaluate({ fields, parameters: [] });
    for (const [rule, condition] of conditions.entries()) {
      assert.equal(matches.includes(rule), VERDICTS[condition]?.[place], `${condition} of ${types?.join() ?? 'none'}`);
    }
  }
});
