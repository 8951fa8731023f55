// An agent that follows a tag in a real registry: new modules come into use, bad ones do not, and without the registry it goes on with the last good one.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { PROJECT } from '../../host/setup/paths.mjs';
import { LiveRegistry } from '../support/live-registry.ts';

const BOOTSTRAP = join(PROJECT, 'host/setup/bootstrap.mjs');
const MAIN = join(PROJECT, 'host/cli/main.ts');
const PATIENCE_MS = 60_000;

let registry: LiveRegistry;
before(async () => {
  registry = await LiveRegistry.start();
  assert.equal(wasprey('keygen', 'team').status, 0);
  mkdirSync(at('watched'));
});
after(() => registry.stop());

const at = (name: string): string => join(registry.folder, name);
const reference = (): string => `oci://${registry.host}/team/rules:stable`;

function wasprey(...words: string[]) {
  return spawnSync(process.execPath, [MAIN, ...words], { encoding: 'utf8', cwd: registry.folder });
}

/** Pushes a module with one rule of that name. */
function push(rule: string, ...more: string[]): void {
  writeFileSync(
    at('r.yaml'),
    `
- rule: ${rule}
  desc: d
  condition: evt.type in (unlink, unlinkat) and fs.path.name startswith ${at('watched')}
  output: "${rule} of %fs.path.name"
  priority: notice
`,
  );
  assert.equal(wasprey('compile', 'r.yaml', '-o', 'r.wasm', ...more).status, 0);
  const pushed = wasprey('push', reference(), 'r.wasm');
  assert.equal(pushed.status, 0, pushed.stderr);
}

function start() {
  const child = spawn(process.execPath, [BOOTSTRAP, '--needs=capture', MAIN, 'run', '-c', at('wasprey.yaml')], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: PROJECT,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  return {
    async until(pattern: RegExp, meanwhile: () => void = () => {}): Promise<void> {
      const deadline = performance.now() + PATIENCE_MS;
      while (!pattern.test(output)) {
        assert.ok(performance.now() < deadline, `no ${pattern} in:\n${output}`);
        meanwhile();
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    output: () => output,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** By a process of its own: what the agent's parent does is watched too. */
function removeFile(): void {
  writeFileSync(at('watched/file'), '');
  spawnSync('rm', [at('watched/file')]);
}

test('a tag is followed through good and bad modules, and the last good one outlives the registry', async () => {
  // JSON is YAML.
  const follow = [{ reference: reference(), every: '1s' }];
  writeFileSync(
    at('wasprey.yaml'),
    JSON.stringify({
      follow,
      follow_folder: at('followed'),
      module_signatures: { policy: 'required', trusted_keys: [at('team.pub')] },
    }),
  );
  {
    await using none = start();
    await none.until(/there is no .*team\/rules:stable \[REGISTRY_NOT_FOUND\]/);
    assert.doesNotMatch(none.output(), /^\s+at /m, 'a stack trace');
  }
  push('First', '--key', 'team.key');
  {
    await using agent = start();
    await agent.until(/watching by 1 rules/);
    await agent.until(/Notice First of/, removeFile);
    push('Second', '--key', 'team.key');
    await agent.until(/Notice Second of/, removeFile);
    push('Unsigned');
    await agent.until(/can't be followed, what was there stays: .* is not signed/);
    const seen = agent.output().length;
    await agent.until(new RegExp(`^[\\s\\S]{${seen}}[\\s\\S]*Notice Second of`), removeFile);
    assert.doesNotMatch(agent.output(), /Notice Unsigned of/);
    push('Third', '--key', 'team.key');
    await agent.until(/can be followed again/);
    await agent.until(/Notice Third of/, removeFile);
  }
  registry.pause();
  {
    await using agent = start();
    await agent.until(/can't be followed, what was there stays: no answer from/);
    await agent.until(/Notice Third of/, removeFile);
  }
  rmSync(at('followed'), { recursive: true });
  await using lost = start();
  await lost.until(/no answer from .*REGISTRY_UNREACHABLE/);
});
