// An agent that follows a tag in a real registry: new modules come into use, bad ones do not, and without the registry it goes on with the last good one.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { waspreyIn } from '../support/command-line.ts';
import { LiveRegistry } from '../support/live/live-registry.ts';
import { type RunProcess, startRunAsNpm } from '../support/live/run-process.ts';

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
  return waspreyIn({ cwd: registry.folder }, ...words);
}

/** One rule of that name, as YAML. */
function rulesOf(rule: string): string {
  return `
- rule: ${rule}
  desc: d
  condition: evt.type in (unlink, unlinkat) and fs.path.name startswith ${at('watched')}
  output: "${rule} of %fs.path.name"
  priority: notice
`;
}

/** Pushes a module with one rule of that name. */
function push(rule: string, ...more: string[]): void {
  writeFileSync(at('r.yaml'), rulesOf(rule));
  assert.equal(wasprey('compile', 'r.yaml', '-o', 'r.wasm', ...more).status, 0);
  const pushed = wasprey('push', reference(), 'r.wasm');
  assert.equal(pushed.status, 0, pushed.stderr);
}

function start(): RunProcess {
  return startRunAsNpm('-c', at('wasprey.yaml'));
}

/** By a process of its own: what the agent's parent does is watched too. */
function removeFile(): void {
  writeFileSync(at('watched/file'), '');
  spawnSync('rm', [at('watched/file')]);
}

test("rule files that Falco's tools push are followed too, and those with mistakes are not used", async () => {
  const artifact = `${registry.host}/falco-rules:stable`;
  const pushRules = (rule: string): void => {
    mkdirSync(at('archive'), { recursive: true });
    writeFileSync(at('archive/rules.yaml'), rule);
    writeFileSync(at('empty.json'), '{}');
    const type = 'application/vnd.cncf.falco.rulesfile';
    assert.equal(spawnSync('tar', ['-czf', at('rules.tar.gz'), '-C', at('archive'), '.']).status, 0);
    const words = ['push', '--plain-http', artifact, '--config', `empty.json:${type}.config.v1+json`];
    const pushed = spawnSync('oras', [...words, `rules.tar.gz:${type}.layer.v1+tar.gz`], { cwd: registry.folder });
    assert.equal(pushed.status, 0, String(pushed.stderr));
  };
  const follow = [{ reference: `oci://${artifact}`, every: '1s' }];
  writeFileSync(at('wasprey.yaml'), JSON.stringify({ rules_files: [], follow, follow_folder: at('followed-rules') }));
  pushRules(rulesOf('Read'));
  await using agent = start();
  await agent.says(/watching by 1 rule /);
  await agent.says(/Notice Read of/, removeFile);
  pushRules(rulesOf('Wrong').replace('evt.type', 'evt.tpye'));
  await agent.says(
    /can't be followed, the previous version stays in use: error\[LOAD_ERR_COMPILE_CONDITION\].*evt\.tpye.*rules\.yaml:4/,
  );
  await agent.says(/Critical Wasprey internal: hot reload failure: .*evt\.tpye/);
  pushRules(rulesOf('Mended'));
  await agent.says(/Notice Mended of/, removeFile);
  assert.doesNotMatch(agent.stdout(), /Notice Wrong of/);
});

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
    await none.says(/team\/rules:stable not found.*\[REGISTRY_NOT_FOUND\]/);
    assert.doesNotMatch(none.stderr(), /^\s+at /m, 'a stack trace');
  }
  push('First', '--key', 'team.key');
  {
    await using agent = start();
    await agent.says(/watching by 1 rule /);
    await agent.says(/Notice First of/, removeFile);
    push('Second', '--key', 'team.key');
    await agent.says(/Notice Second of/, removeFile);
    push('Unsigned');
    await agent.says(/can't be followed, the previous version stays in use: .* is not signed/);
    const seen = agent.stdout().length;
    await agent.says(new RegExp(`^[\\s\\S]{${seen}}[\\s\\S]*Notice Second of`), removeFile);
    assert.doesNotMatch(agent.stdout(), /Notice Unsigned of/);
    push('Third', '--key', 'team.key');
    await agent.says(/can be followed again/);
    await agent.says(/Notice Third of/, removeFile);
  }
  registry.pause();
  {
    await using agent = start();
    await agent.says(/can't be followed, the previous version stays in use: no answer from/);
    await agent.says(/Notice Third of/, removeFile);
  }
  rmSync(at('followed'), { recursive: true });
  await using lost = start();
  await lost.says(/no answer from .*REGISTRY_UNREACHABLE/);
});
