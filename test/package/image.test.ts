// The image index: an image for each processor, whose files are of that processor and complete.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { elfMachine, neededLibraries, programInterpreter } from '../../deploy/debian/elf.ts';
import { ARCHITECTURES, ownArchitecture } from '../../deploy/tree/architecture.ts';
import { HOME } from '../../deploy/tree/installed-tree.ts';
import { LIBRARIES } from '../../deploy/tree/native-parts.ts';
import { asArray, asText, at } from '../../host/diagnostics/json-value.ts';
import { PROJECT } from '../../host/setup/paths.mjs';
import { assertNeedsLibcAlone, assertPapers, assertProcessor } from '../support/machines/installed-files.ts';

const NAME = 'registry.test/security/wasprey:test';

const folder = mkdtempSync(join(tmpdir(), 'wasprey-image-test-'));
before(() => {
  const archive = join(folder, 'image.tar');
  execFileSync(process.execPath, [join(PROJECT, 'deploy/image/main.ts'), '--name', NAME, archive], { stdio: 'ignore' });
  execFileSync('tar', ['-xf', archive, '-C', folder]);
});
after(() => rmSync(folder, { recursive: true }));

function blob(descriptor: unknown): string {
  return join(folder, 'blobs', asText(at(descriptor, 'digest'))?.replace(':', '/') ?? '');
}

function json(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** Those of the index that the archive names. */
function manifests(): readonly unknown[] {
  const [index, ...others] = asArray(at(json(join(folder, 'index.json')), 'manifests'));
  assert.deepEqual(others, []);
  assert.equal(at(index, 'annotations', 'io.containerd.image.name'), NAME);
  return asArray(at(json(blob(index)), 'manifests'));
}

test('there is an image for each processor', () => {
  const platforms = manifests().map((manifest) => at(manifest, 'platform'));
  assert.deepEqual(platforms, [
    { os: 'linux', architecture: 'amd64' },
    { os: 'linux', architecture: 'arm64' },
  ]);
});

for (const architecture of ARCHITECTURES) {
  test(`the image for ${architecture.name} has all that its programs need`, async () => {
    const manifest = manifests().find((one) => at(one, 'platform', 'architecture') === architecture.name);
    const { config, layers } = json(blob(manifest)) as { config: unknown; layers: unknown[] };
    assert.equal(at(json(blob(config)), 'architecture'), architecture.name);
    const root = join(folder, architecture.name);
    mkdirSync(root);
    for (const layer of layers) execFileSync('tar', ['-xf', blob(layer), '-C', root]);

    assertProcessor(root, architecture);
    assertNeedsLibcAlone(root);
    for (const path of [
      'usr/bin/node',
      'usr/bin/busybox',
      'usr/bin/curl',
      'usr/bin/jq',
      `${HOME}/build/native/wasprey.node`,
    ])
      assertLibraries(root, join(root, path), architecture.triplet);
    assert.match(
      readFileSync(join(root, 'etc/ssl/certs/ca-certificates.crt'), 'utf8'),
      /^-----BEGIN CERTIFICATE-----\n/,
    );
    const described = readdirSync(join(root, 'var/lib/dpkg/status.d'));
    for (const name of ['busybox-static', 'curl', 'jq', 'libc6', 'ca-certificates']) {
      assert.ok(described.includes(name), `scanners find ${name}`);
      assert.ok(existsSync(join(root, 'usr/share/doc', name, 'copyright')), `licence of ${name}`);
    }
    if (architecture === ownArchitecture())
      for (const program of ['wasprey', 'curl', 'jq']) assert.match(versionInside(root, program), /\d\.\d/);
    await assertPapers(root, [/^pkg:npm\/pino@/, /^pkg:generic\/node@/, /^pkg:deb\/debian\/curl@.*distro=debian-13$/]);
  });
}

/** Runs a program; what it finds by its own place it finds by /proc. */
function versionInside(root: string, program: string): string {
  const enter = 'mount --rbind /proc "$0/proc" && exec chroot "$0" "$@"';
  const words = ['--mount', '--propagation', 'private', 'sh', '-c', enter, root, `/usr/bin/${program}`, '--version'];
  return execFileSync('unshare', words, { encoding: 'utf8' });
}

/** The dynamic linker would find all libraries of a program, and theirs. */
function assertLibraries(root: string, path: string, triplet: string): void {
  assert.notEqual(elfMachine(path), undefined, path);
  const interpreter = programInterpreter(path);
  if (interpreter !== undefined)
    assert.ok(existsSync(join(root, interpreter)), `${basename(path)} needs ${interpreter}`);
  for (const name of neededLibraries(path)) {
    const places = [join(HOME, LIBRARIES), `usr/lib/${triplet}`, 'usr/lib', 'usr/lib64'].map((place) =>
      join(root, place, name),
    );
    const found = places.find((place) => existsSync(place));
    assert.ok(found, `${basename(path)} needs ${name}`);
    assertLibraries(root, found, triplet);
  }
}
