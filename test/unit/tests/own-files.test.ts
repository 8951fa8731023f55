// Sources are TypeScript here and JavaScript in a package: what names another file of the program must not name the extension.

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../../../host/setup/paths.mjs';

test('no URL of a source has an extension that it lacks in a package', () => {
  const sources = globSync('host/**/*.ts', { cwd: PROJECT });
  assert.ok(sources.length > 500);
  const named = sources.filter((path) => /new URL\([^)]*\.ts['"`]/.test(readFileSync(join(PROJECT, path), 'utf8')));
  assert.deepEqual(named, []);
});
