// The systemd unit and the configuration of packages: systemd takes the one as it is meant, Wasprey the other.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { DEFAULT_CONTROL_SOCKET } from '../../host/cli/options/control-options.ts';
import { loadConfig } from '../../host/config/load.ts';
import { PROJECT } from '../../host/setup/paths.mjs';
import { wasprey } from '../support/command-line.ts';

const UNIT = join(PROJECT, 'deploy/package/wasprey.service');
const CONFIG = join(PROJECT, 'deploy/package/wasprey.yaml');
/** In tenths, as systemd-analyze takes it. What is left is in deploy/README.md. */
const MOST_EXPOSURE = 26;

const folder = mkdtempSync(join(tmpdir(), 'wasprey-unit-'));
const installed = join(folder, 'wasprey.service');

before(() => {
  // It is not installed here, and a program that is not there is what systemd complains of.
  writeFileSync(installed, readFileSync(UNIT, 'utf8').replaceAll('/usr/bin/wasprey', '/usr/bin/true'));
});
after(() => rmSync(folder, { recursive: true }));

function analyze(...words: readonly string[]): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', words, { encoding: 'utf8' });
  return { status, said: words[0] === 'verify' ? stdout + stderr : stderr };
}

/** All values of a setting. */
function setting(name: string): readonly string[] {
  const text = readFileSync(UNIT, 'utf8');
  return [...text.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].flatMap(([, value = '']) => value.split(' '));
}

it('systemd-analyze verify has nothing to complain of', () => {
  assert.deepEqual(analyze('verify', '--man=no', installed), { status: 0, said: '' });
});

it('it is exposed no more than it must be', () => {
  const words = ['security', '--offline=true', '--no-pager', installed];
  assert.deepEqual(analyze(...words, `--threshold=${MOST_EXPOSURE}`), { status: 0, said: '' });
  // The check is one that can fail.
  assert.notEqual(analyze(...words, '--threshold=1').status, 0);
});

it('an agent may do what it may in a pod', () => {
  const manifests = readFileSync(join(PROJECT, 'deploy/manifests/wasprey.yaml'), 'utf8');
  const [, added = ''] = /capabilities:\s+drop: \[ALL\]\s+add: \[([^\]]+)\]/.exec(manifests) ?? [];
  const capabilities = [...added.matchAll(/\w+/g)].map(([name]) => `CAP_${name}`);
  assert.ok(capabilities.length > 0, 'the manifests name capabilities');
  assert.deepEqual([...setting('CapabilityBoundingSet')].sort(), capabilities.sort());
});

it('the configuration is accepted, and every key of it has an effect', () => {
  const { status, stdout, stderr } = wasprey('config', '--given', '-c', CONFIG);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  assert.doesNotMatch(stdout, /No effect/);
  const { configuration, unused } = loadConfig({ path: CONFIG, options: [], environment: {} });
  assert.deepEqual(unused, []);
  assert.deepEqual(configuration.rules_files, ['/usr/lib/wasprey/rules', '/etc/wasprey/rules.d']);
  assert.deepEqual(configuration.control, { enabled: true, socket: DEFAULT_CONTROL_SOCKET });
});

it('what the agent writes by it is where the unit lets it write', () => {
  const { configuration } = loadConfig({ path: CONFIG, options: [], environment: {} });
  const { control, file_output, follow_folder, spool } = configuration;
  const writable = [
    ...setting('RuntimeDirectory').map((name) => `/run/${name}/`),
    ...setting('StateDirectory').map((name) => `/var/lib/${name}/`),
    ...setting('LogsDirectory').map((name) => `/var/log/${name}/`),
  ];
  for (const path of [control.socket, file_output.filename, follow_folder, spool.path])
    assert.ok(
      writable.some((place) => path.startsWith(place)),
      `${path} is none of ${writable}`,
    );
});
