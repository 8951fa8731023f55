// What a start loads: parts of the runtime that cost megabytes and tens of milliseconds stay out until they are needed.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { PROJECT } from '../../../host/setup/paths.mjs';

/** The command, and what it loads while the capture is prepared. */
const RUN = ['host/cli/commands/run.ts', 'host/daemon/run.ts'];

/** `node:http` brings undici along. */
const LATE = ['NativeModule internal/deps/undici/undici', 'NativeModule http', 'NativeModule http2'];

test('`wasprey run` loads neither an HTTP client nor a server before one is wanted', () => {
  const imports = RUN.map((path) => `await import('./${path}');`).join(' ');
  const script = `${imports} console.log(JSON.stringify(process.moduleLoadList));`;
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

/** Files of packages and of host/ that are loaded by importing these. */
function loadedBy(...paths: readonly string[]): string {
  const trace = `const { registerHooks } = await import('node:module');
    registerHooks({ load(url, context, next) { console.log(url); return next(url, context); } });`;
  const script = `${trace} ${paths.map((path) => `await import('./${path}');`).join(' ')}`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: PROJECT, encoding: 'utf8' });
}

test('without a receiver nothing of the stream of requests is loaded; with one neither side loads the client library', () => {
  const agent = loadedBy(...RUN);
  assert.match(agent, /pod-requests\/start\.ts/);
  assert.doesNotMatch(agent, /receiver-client|receiver-stream|audit\/agents\/|client-node/);
  const both = loadedBy(
    'host/daemon/pod-requests/receiver-client.ts',
    'host/daemon/audit/audit-source.ts',
    'host/daemon/audit/agents/forwarding.ts',
  );
  assert.match(both, /receiver-stream\.ts(.*\n)+.*forwarding\.ts/);
  assert.doesNotMatch(both, /client-node/);
});
