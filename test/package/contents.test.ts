// What packages hold, for both processors, and that they are made the same each time.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { sysroot } from '../../deploy/native/sysroot.ts';
import { makePackages } from '../../deploy/package/packages.ts';
import { ARCHITECTURES } from '../../deploy/tree/architecture.ts';
import { HOME } from '../../deploy/tree/installed-tree.ts';
import { COMPILER_DIGEST_FILE, sourcesDigest } from '../../host/daemon/rules/module-key.ts';
import { PROJECT } from '../../host/setup/paths.mjs';
import { assertNeedsLibcAlone, assertPapers, assertProcessor } from '../support/machines/installed-files.ts';
import { archiveFile, debFile } from '../support/machines/packages.ts';

const folder = mkdtempSync(join(tmpdir(), 'wasprey-packages-'));
after(() => rmSync(folder, { recursive: true }));

for (const architecture of ARCHITECTURES) {
  test(`the package for ${architecture.name} holds that processor's files, which need libc alone`, async () => {
    const root = join(folder, architecture.name);
    execFileSync('dpkg-deb', ['--extract', debFile(architecture), root]);
    assertProcessor(root, architecture);
    assertNeedsLibcAlone(root);
    await assertPapers(root, [
      /^pkg:npm\/pino@/,
      /^pkg:npm\/%40kubernetes\/client-node@/,
      /^pkg:generic\/node@24\./,
      new RegExp(`^pkg:deb/debian/libelf1@.*arch=${architecture.name}`),
      /^pkg:deb\/debian\/libbpf@/,
    ]);
    const depends = execFileSync('dpkg-deb', ['--field', debFile(architecture), 'Depends'], { encoding: 'utf8' });
    assert.equal(depends, 'libc6 (>= 2.36)\n');
  });

  test(`the package for ${architecture.name} names the compiler that its modules are of`, () => {
    // What is in the cache of a version with another compiler is not used.
    const file = join(folder, architecture.name, HOME, 'build', COMPILER_DIGEST_FILE);
    assert.equal(readFileSync(file, 'utf8'), `${sourcesDigest()}\n`);
  });

  test(`the archive for ${architecture.name} has the package's files`, () => {
    const listing = ['--list', '--verbose', '--numeric-owner'];
    const ofArchive = execFileSync('tar', [...listing, '--gzip', '--file', archiveFile(architecture)]);
    const files = execFileSync('dpkg-deb', ['--fsys-tarfile', debFile(architecture)], { maxBuffer: 1 << 30 });
    const ofDeb = execFileSync('tar', listing, { input: files });
    assert.deepEqual(ofArchive.toString().split('\n').sort(), ofDeb.toString().split('\n').sort());
  });

  test(`packages for ${architecture.name} that are made again have the same bytes`, async () => {
    for (const path of await makePackages(architecture, folder)) {
      const first = path.endsWith('.deb') ? debFile(architecture) : archiveFile(architecture);
      assert.ok(readFileSync(path).equals(readFileSync(first)), basename(path));
    }
  });

  test(`programs that are built for ${architecture.name} in another folder have the same bytes`, () => {
    const other = join(folder, `built-elsewhere-${architecture.name}`);
    cpSync(join(PROJECT, 'native'), join(other, 'native'), { recursive: true });
    symlinkSync(join(PROJECT, 'node_modules'), join(other, 'node_modules'));
    const build = join('build', architecture.name);
    mkdirSync(join(other, build), { recursive: true });
    cpSync(join(PROJECT, build, 'libbpf'), join(other, build, 'libbpf'), { recursive: true, preserveTimestamps: true });
    cpSync(join(PROJECT, build, 'sysroot.stamp'), join(other, build, 'sysroot.stamp'), { preserveTimestamps: true });
    // Of the addon, one folder: that which Node's headers are part of.
    const object = 'native/addon.o';
    const targets = ['bpf', 'act', join('..', build, object)];
    const system = `SYSROOT=${sysroot(architecture)}`;
    execFileSync('make', ['-s', '-C', join(other, 'native'), '-j2', `ARCH=${architecture.name}`, system, ...targets], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    for (const file of ['bpf/wasprey.bpf.o', 'bpf/isolate.bpf.o', 'native/act', object]) {
      const [here, there] = [PROJECT, other].map((place) => readFileSync(join(place, build, file)));
      assert.ok(here?.equals(there ?? assert.fail()), file);
    }
  });

  test(`lintian finds no error in the package for ${architecture.name}`, () => {
    const words = ['--allow-root', '--fail-on', 'error', '--tag-display-limit', '0', debFile(architecture)];
    const { status, stdout } = spawnSync('lintian', words, { encoding: 'utf8' });
    assert.equal(status, 0, stdout);
  });
}
