// The schema of the chart's values follows from the configuration's definition.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { schemaFile } from '../../../deploy/chart/files.ts';
import { PROJECT } from '../../../host/setup/paths.mjs';

test('the schema in the chart is what is made now (else: npm run chart)', () => {
  const { path, text } = schemaFile();
  assert.equal(readFileSync(join(PROJECT, path), 'utf8'), text);
});
