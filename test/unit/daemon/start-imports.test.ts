// What a start loads: parts of the runtime that cost megabytes and tens of milliseconds stay out until they are needed.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { PROJECT } from '../../../host/setup/paths.mjs';

/** `node:http` brings undici along. */
const LATE = ['NativeModule internal/deps/undici/undici', 'NativeModule http', 'NativeModule http2'];

test('`wasprey run` loads neither an HTTP client nor a server before one is wanted', () => {
  const script = `await import('./host/cli/commands/run.ts'); console.log(JSON.stringify(process.moduleLoadList));`;
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: PROJECT,
    encoding: 'utf8',
  });
  const loaded: string[] = JSON.parse(printed);
  assert.ok(loaded.includes('NativeModule worker_threads'));
  assert.deepEqual(
    LATE.filter((name) => loaded.includes(name)),
    [],
  );
});
