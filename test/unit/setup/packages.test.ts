// Which npm and system packages set-up takes for missing, and what it says when it can't install them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { installationObstacle } from '../../../host/setup/apt.mjs';
import { familyOf, readOsRelease } from '../../../host/setup/distribution.mjs';
import { renderFailure } from '../../../host/setup/failure.mjs';
import { firstDifference, nodePackagesInstalled, npmCommand } from '../../../host/setup/node-packages.mjs';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { missingTools, SYSTEM_TOOLS } from '../../../host/setup/system-tools.mjs';

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

/** esbuild's script only makes its command start faster; that of protobufjs (of @grpc/proto-loader) compares version numbers and prints. */
const SCRIPTS_WITHOUT_EFFECT = ['node_modules/esbuild', 'node_modules/protobufjs'];

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
  const nothing = { hasCommand: () => false, hasFile: () => false, majorVersion: () => 0 };
  const all = { hasCommand: () => true, hasFile: () => true, majorVersion: () => 0 };
  const purposes = [
    'build',
    'check',
    'release',
    'live-tests',
    'page-tests',
    'cluster-tests',
    'kernel-tests',
    'package-tests',
  ] as const;
  assert.deepEqual(missingTools(purposes, nothing), SYSTEM_TOOLS);
  assert.deepEqual(missingTools(purposes, all), []);
  assert.deepEqual(
    missingTools(['build'], { ...nothing, hasCommand: (name) => name !== 'bpftool' }).map(({ package: name }) => name),
    ['bpftool', 'libbpf-dev', 'libc6-dev'],
  );
  const withClang = (version: number) =>
    missingTools(['build'], { ...nothing, majorVersion: (command) => (command === 'clang' ? version : 0) });
  assert.ok(withClang(18).some(({ package: name }) => name === 'clang-19'));
  assert.ok(!withClang(20).some(({ package: name }) => name === 'clang-19'));
});

test('a user who can not install gets the names of the packages', () => {
  const tools = SYSTEM_TOOLS.filter(({ package: name }) => ['make', 'bpftool'].includes(name));
  assert.equal(installationObstacle(tools, { hasApt: true, isRoot: true, osRelease: '' }), undefined);
  const asUser = installationObstacle(tools, { hasApt: true, isRoot: false, osRelease: '' });
  assert.match(asUser ? renderFailure(asUser) : '', /sudo apt-get install make bpftool\n/);
  const withoutApt = installationObstacle(tools, { hasApt: false, isRoot: true, osRelease: 'ID=nixos\n' });
  assert.match(withoutApt ? renderFailure(withoutApt) : '', /no apt-get.*\n.*make bpftool/);
});

/** os-release of distributions, the lines that tell what they are; and the command that installs what the build needs. */
const DISTRIBUTIONS: Readonly<Record<string, readonly [osRelease: string, command: string]>> = {
  Fedora: [
    'NAME="Fedora Linux"\nVERSION="42 (Server Edition)"\nID=fedora\nVERSION_ID=42\n',
    'dnf install make clang gcc-c++ bpftool libbpf-devel glibc-static',
  ],
  'Red Hat Enterprise Linux': [
    'NAME="Red Hat Enterprise Linux"\nID="rhel"\nID_LIKE="fedora"\nVERSION_ID="10.0"\n',
    'dnf install make clang gcc-c++ bpftool libbpf-devel glibc-static',
  ],
  'Rocky Linux': [
    'NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.6"\n',
    'dnf install make clang gcc-c++ bpftool libbpf-devel glibc-static',
  ],
  'Oracle Linux': [
    'NAME="Oracle Linux Server"\nID="ol"\nID_LIKE="fedora"\nVERSION_ID="9.6"\n',
    'dnf install make clang gcc-c++ bpftool libbpf-devel glibc-static',
  ],
  'Amazon Linux': [
    'NAME="Amazon Linux"\nVERSION="2023"\nID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\n',
    'dnf install make clang19 gcc-c++ bpftool libbpf-devel glibc-static',
  ],
  'openSUSE Leap': [
    'NAME="openSUSE Leap"\nID="opensuse-leap"\nID_LIKE="suse opensuse"\nVERSION_ID="16.0"\n',
    'zypper install make clang gcc-c++ bpftool libbpf-devel glibc-devel-static',
  ],
  SLES: [
    'NAME="SLES"\nID="sles"\nID_LIKE="suse"\nVERSION_ID="16.0"\n',
    'zypper install make clang gcc-c++ bpftool libbpf-devel glibc-devel-static',
  ],
  'Arch Linux': ['NAME="Arch Linux"\nID=arch\nBUILD_ID=rolling\n', 'pacman -S --needed make clang bpf libbpf glibc'],
  Manjaro: ["NAME='Manjaro Linux'\nID=manjaro\nID_LIKE='arch'\n", 'pacman -S --needed make clang bpf libbpf glibc'],
  Alpine: ['NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.22.0\n', 'apk add make clang g++ bpftool libbpf-dev musl-dev'],
};

test('without apt the packages have the names of the distribution, and the command is its own', () => {
  const tools = SYSTEM_TOOLS.filter(({ purposes }) => purposes.includes('build'));
  for (const [name, [osRelease, command]] of Object.entries(DISTRIBUTIONS)) {
    const message = (isRoot: boolean) => {
      const failure = installationObstacle(tools, { hasApt: false, isRoot, osRelease });
      return failure ? renderFailure(failure) : '';
    };
    assert.ok(message(true).includes(`\n    ${command}\n`), `${name}: ${message(true)}`);
    assert.ok(message(false).includes(`\n    sudo ${command}\n`), name);
    assert.match(message(true), /clang 19 or newer/);
    assert.equal(message(true).includes('CodeReady Builder'), /Red Hat|Rocky|Oracle/.test(name), name);
    assert.equal(message(true).includes('built for glibc'), name === 'Alpine', name);
  }
});

test("without apt what only tests need has Debian's names", () => {
  const tools = SYSTEM_TOOLS.filter(({ package: name }) => ['make', 'runc', 'oras'].includes(name));
  const [osRelease] = DISTRIBUTIONS.Fedora ?? assert.fail();
  const failure = installationObstacle(tools, { hasApt: false, isRoot: true, osRelease });
  assert.equal(
    renderFailure(failure ?? assert.fail()),
    `wasprey: set-up needs programs that this system lacks
  * these are missing: make, runc, oras
    install them, then run this again:
    dnf install make
    and what Debian's packages of these names have: runc oras
`,
  );
});

test('the family of a system without os-release, or of another, is not known', () => {
  assert.equal(familyOf(''), undefined);
  assert.equal(familyOf('ID=void\nPRETTY_NAME="as good as fedora"\n'), undefined);
});

test('an os-release that can not be read tells nothing, and the next is read', () => {
  assert.equal(readOsRelease([PROJECT, `${PROJECT}absent`]), '');
  assert.match(readOsRelease([PROJECT, `${PROJECT}package.json`]), /"name": "wasprey"/);
});
