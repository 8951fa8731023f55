// Which npm and system packages set-up takes for missing, and what it says when it can't install them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { installationObstacle } from '../../host/setup/apt.mjs';
import { renderFailure } from '../../host/setup/failure.mjs';
import { firstDifference, nodePackagesInstalled, npmCommand } from '../../host/setup/node-packages.mjs';
import { PROJECT } from '../../host/setup/paths.mjs';
import { missingTools, SYSTEM_TOOLS } from '../../host/setup/system-tools.mjs';

const MACHINE = { os: 'linux', cpu: 'x64' };
const entry = (version: string) => ({ version, integrity: `sha512-${version}` });
const lock = (packages: Record<string, object>) => ({ packages: { '': { version: '0.1.0' }, ...packages } });

test('what is installed must have every package of the lock, in its version', () => {
  const wanted = lock({ 'node_modules/a': entry('1.0.0'), 'node_modules/b': entry('2.0.0') });
  assert.equal(firstDifference(wanted, { packages: wanted.packages }, MACHINE), undefined);
  assert.equal(firstDifference(wanted, { packages: { 'node_modules/a': entry('1.0.0') } }, MACHINE), 'node_modules/b');
  const older = { 'node_modules/a': entry('0.9.0'), 'node_modules/b': entry('2.0.0') };
  assert.equal(firstDifference(wanted, { packages: older }, MACHINE), 'node_modules/a');
});

test('the same version with other contents is another package', () => {
  const wanted = lock({ 'node_modules/a': { version: '1.0.0', integrity: 'sha512-x' } });
  const installed = { packages: { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-y' } } };
  assert.equal(firstDifference(wanted, installed, MACHINE), 'node_modules/a');
});

test('packages for other machines may be absent, those for this one may not', () => {
  const wanted = lock({
    'node_modules/run-arm64': { ...entry('1.0.0'), optional: true, cpu: ['arm64'] },
    'node_modules/run-x64': { ...entry('1.0.0'), optional: true, os: 'linux', cpu: 'x64' },
    'node_modules/run-musl': { ...entry('1.0.0'), optional: true, libc: ['musl'] },
  });
  assert.equal(firstDifference(wanted, { packages: {} }, MACHINE), 'node_modules/run-x64');
  assert.equal(firstDifference(wanted, { packages: {} }, { os: 'linux', cpu: 'arm64' }), 'node_modules/run-arm64');
});

test('the packages that run this test are installed', () => {
  assert.equal(nodePackagesInstalled(), true);
});

test('package-lock.json names no download address, so that every registry will do', () => {
  assert.doesNotMatch(readFileSync(`${PROJECT}package-lock.json`, 'utf8'), /"resolved"/);
});

/** protobufjs (of @grpc/proto-loader): its script only compares version numbers and prints. */
const SCRIPTS_WITHOUT_EFFECT = ['node_modules/protobufjs'];

test('no npm package needs its install script: set-up runs none', () => {
  const { packages } = JSON.parse(readFileSync(`${PROJECT}package-lock.json`, 'utf8'));
  const withScript = Object.keys(packages).filter((path) => packages[path].hasInstallScript);
  assert.deepEqual(withScript, SCRIPTS_WITHOUT_EFFECT);
});

test('npm is called as the npm that runs the script, if it is npm', () => {
  const script = new URL(import.meta.url).pathname;
  assert.deepEqual(npmCommand({ npm_execpath: '/nowhere/npm-cli.js' }).first, []);
  assert.deepEqual(npmCommand({ npm_execpath: script }).first, [], 'another package manager');
});

test('a tool is missing when none of its commands and files is there', () => {
  const nothing = { hasCommand: () => false, hasFile: () => false };
  const all = { hasCommand: () => true, hasFile: () => true };
  const purposes = ['build', 'release', 'live-tests', 'cluster-tests', 'kernel-tests', 'package-tests'] as const;
  assert.deepEqual(missingTools(purposes, nothing), SYSTEM_TOOLS);
  assert.deepEqual(missingTools(purposes, all), []);
  assert.deepEqual(
    missingTools(['build'], { ...nothing, hasCommand: (name) => name !== 'bpftool' }).map(
      ({ packages }) => packages[0],
    ),
    ['bpftool', 'libbpf-dev'],
  );
});

test('who can not install is told the packages', () => {
  const tools = SYSTEM_TOOLS.filter(({ packages }) => ['make', 'bpftool'].includes(packages[0] ?? ''));
  assert.equal(installationObstacle(tools, { hasApt: true, isRoot: true }), undefined);
  const asUser = installationObstacle(tools, { hasApt: true, isRoot: false });
  assert.match(asUser ? renderFailure(asUser) : '', /sudo apt-get install make bpftool\n/);
  const withoutApt = installationObstacle(tools, { hasApt: false, isRoot: true });
  assert.match(withoutApt ? renderFailure(withoutApt) : '', /no apt-get.*\n.*make bpftool/);
});
