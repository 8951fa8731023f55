// Modules and rules through a real registry (docker-registry), beside the tools that people use with one (oras, cosign).

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { waspreyIn } from '../support/command-line.ts';
import { LiveRegistry } from '../support/live/live-registry.ts';

const RULES = `
- rule: Removed
  desc: d
  condition: evt.type = unlink and proc.name = rm
  output: "%proc.name removes %fd.name"
  priority: info
`;
const RULES_TYPE = 'application/vnd.cncf.falco.rulesfile';

let registry: LiveRegistry;
before(async () => {
  registry = await LiveRegistry.start();
  writeFileSync(at('r.yaml'), RULES);
  for (const words of [
    ['keygen', 'team'],
    ['compile', 'r.yaml', '-o', 'r.wasm', '--key', 'team.key'],
  ]) {
    assert.equal(wasprey(...words).status, 0);
  }
  run('cosign', 'generate-key-pair');
});
after(() => registry.stop());

function at(name: string): string {
  return join(registry.folder, name);
}

function environment() {
  return { ...process.env, COSIGN_PASSWORD: '', DOCKER_CONFIG: registry.folder };
}

function wasprey(...words: string[]) {
  return waspreyIn({ cwd: registry.folder, env: environment() }, ...words);
}

function run(command: string, ...words: string[]): string {
  return execFileSync(command, words, { encoding: 'utf8', cwd: registry.folder, env: environment(), stdio: 'pipe' });
}

function cosign(reference: string): void {
  run(
    'cosign',
    'sign',
    '--key',
    'cosign.key',
    '--allow-insecure-registry',
    '--tlog-upload=false',
    '-y',
    reference.replace('oci://', ''),
  );
}

test('a module is pushed and pulled, the same by tag and digest, and oras pulls it too', () => {
  const pushed = wasprey('push', `oci://${registry.host}/team/rules:1`, 'r.wasm');
  assert.equal(pushed.status, 0, pushed.stderr);
  const reference = pushed.stdout.trim();
  assert.match(reference, /^oci:\/\/127\.0\.0\.1:\d+\/team\/rules:1@sha256:[0-9a-f]{64}$/);
  assert.equal(
    wasprey('push', `oci://${registry.host}/team/rules:1`, 'r.wasm').stdout.trim(),
    reference,
    'the same digest',
  );
  for (const name of [`oci://${registry.host}/team/rules:1`, reference.replace(':1@', '@')]) {
    assert.equal(wasprey('pull', name, '-o', 'pulled.wasm').status, 0);
    assert.ok(readFileSync(at('pulled.wasm')).equals(readFileSync(at('r.wasm'))));
  }
  run('oras', 'pull', '--plain-http', '-o', 'by-oras', `${registry.host}/team/rules:1`);
  assert.ok(readFileSync(at('by-oras/r.wasm')).equals(readFileSync(at('r.wasm'))));
});

test("rule files that Falco's tools push are read, of the archive only what is rules", () => {
  mkdirSync(at('archive'));
  writeFileSync(at('archive/mine.yaml'), RULES);
  writeFileSync(at('archive/README'), 'no rules');
  run('tar', '-czf', 'rules.tar.gz', '-C', 'archive', '.');
  writeFileSync(at('config.json.empty'), '{}');
  run(
    'oras',
    'push',
    '--plain-http',
    `${registry.host}/falco-rules:3`,
    '--config',
    `config.json.empty:${RULES_TYPE}.config.v1+json`,
    `rules.tar.gz:${RULES_TYPE}.layer.v1+tar.gz`,
  );
  const pulled = wasprey('pull', `oci://${registry.host}/falco-rules:3`, '-o', 'rules.d');
  assert.equal(pulled.status, 0, pulled.stderr);
  assert.equal(pulled.stdout, 'rules.d/mine.yaml\n');
  assert.equal(readFileSync(at('rules.d/mine.yaml'), 'utf8'), RULES);
  assert.ok(!existsSync(at('rules.d/README')));
});

test('where a signature of cosign is asked for, nothing else is taken', () => {
  const unsigned = wasprey('push', `oci://${registry.host}/signed/rules:1`, 'r.wasm').stdout.trim();
  const refused = wasprey('pull', unsigned, '-o', 'c.wasm', '--cosign-key', 'cosign.pub');
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /no cosign signature of \S+ verifies with the given keys/);
  assert.ok(!existsSync(at('c.wasm')));
  cosign(unsigned);
  assert.equal(wasprey('pull', unsigned, '-o', 'c.wasm', '--cosign-key', 'cosign.pub').status, 0);
  // Another key, and the signature of another artifact under this one's name, do not do.
  assert.equal(wasprey('pull', unsigned, '-o', 'd.wasm', '--cosign-key', 'team.pub').status, 1);
  assert.equal(wasprey('compile', 'r.yaml', '-o', 'other.wasm').status, 0);
  const other = wasprey('push', `oci://${registry.host}/signed/rules:2`, 'other.wasm').stdout.trim();
  const tag = (reference: string) => `${registry.host}/signed/rules:${reference.split('@')[1]?.replace(':', '-')}.sig`;
  run('oras', 'cp', '--from-plain-http', '--to-plain-http', tag(unsigned), tag(other));
  assert.equal(wasprey('pull', other, '-o', 'd.wasm', '--cosign-key', 'cosign.pub').status, 1);
  assert.ok(!existsSync(at('d.wasm')));
});

test("a module's own signature is asked for as well", () => {
  const reference = wasprey('push', `oci://${registry.host}/team/rules:2`, 'r.wasm').stdout.trim();
  assert.equal(wasprey('pull', reference, '-o', 'k.wasm', '-k', 'team.pub').status, 0);
  assert.equal(wasprey('keygen', 'other').status, 0);
  assert.match(wasprey('pull', reference, '-o', 'k2.wasm', '-k', 'other.pub').stderr, /SIGNATURE_UNTRUSTED/);
  assert.ok(!existsSync(at('k2.wasm')));
});

test('what is not there, and what is something else, is reported', () => {
  assert.match(wasprey('pull', `oci://${registry.host}/nothing/here:1`).stderr, /REGISTRY_NOT_FOUND/);
  run('oras', 'push', '--plain-http', `${registry.host}/other:1`, 'r.yaml:text/plain');
  assert.match(
    wasprey('pull', `oci://${registry.host}/other:1`).stderr,
    /neither a module nor rule files.*REGISTRY_CONTENT/,
  );
  assert.match(wasprey('pull', 'oci://127.0.0.1:1/a:1').stderr, /no answer from 127\.0\.0\.1:1.*REGISTRY_UNREACHABLE/);
  const nothing = wasprey('push', `oci://${registry.host}/team/rules:3`, 'r.yaml');
  assert.match(nothing.stderr, /rule module refused \(malformed\)/);
});
