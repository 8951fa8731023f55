// What a start loads: parts of the runtime and of the host that cost megabytes and tens of milliseconds stay out until they are needed.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { PROJECT } from '../../../host/setup/paths.mjs';

/** The command, and what it loads while the capture is prepared. */
const RUN = ['host/cli/commands/run.ts', 'host/daemon/run.ts', 'host/config/responses.ts'];

/** The engine's thread; it begins to work only as a thread. */
const ENGINE = 'host/engine/worker.ts';

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
  const imports = paths.map((path) => `await import('./${path}')${path === ENGINE ? '.catch(() => {})' : ''};`);
  const script = `${trace} ${imports.join(' ')}`;
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

test('a start loads no compiler, verifier, recorder, registry or actor before there is something for them', () => {
  const agent = loadedBy(...RUN);
  assert.match(agent, /compiler\/conditions\/template\.ts/);
  assert.doesNotMatch(
    agent,
    /compiler\/(lower|plan|emit)\/|conditions\/(parser|typecheck|session-checks)|stored-condition/,
  );
  assert.doesNotMatch(
    agent,
    /registry\/client|responses\/(actors|cgroups|processes)\/|recording\/reader|outputs\/(spool|http\/post)/,
  );
  const engine = loadedBy(ENGINE);
  assert.match(engine, /engine\/loop\/loop\.ts/);
  assert.doesNotMatch(
    engine,
    /compiler\/(conditions|lower)\/|stored-condition|sandbox\/verify|recording\/(recorder|replay)\.ts|outputs\//,
  );
});
