// What holds of the files of every installed Wasprey, in a package or in an image, whatever the processor.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { elfMachine, neededLibraries } from '../../../deploy/debian/elf.ts';
import { OLDEST_GLIBC } from '../../../deploy/debian/releases.ts';
import { COMMON_LICENSES, referredLicenses } from '../../../deploy/sbom/common-licenses.ts';
import { LICENSES_FILE, SBOM_FILE } from '../../../deploy/sbom/documents.ts';
import type { Architecture } from '../../../deploy/tree/architecture.ts';
import { HOME } from '../../../deploy/tree/installed-tree.ts';
import { LIBRARIES } from '../../../deploy/tree/native-parts.ts';
import { asArray, asText, at } from '../../../host/diagnostics/json-value.ts';

/** e_machine of BPF objects. */
const BPF = 247;

/** Of glibc, which every Debian has. */
const LIBC = /^(libc\.so\.6|libm\.so\.6|libdl\.so\.2|libpthread\.so\.0|ld-linux-.*)$/;

/** Programs and libraries below a folder that are Wasprey's: path and processor. */
function elfFiles(root: string): { readonly path: string; readonly machine: number }[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .flatMap((path) => {
      const machine = elfMachine(path);
      return machine === undefined ? [] : [{ path, machine }];
    });
}

/** All programs and libraries are of the processor, apart from the BPF objects. */
export function assertProcessor(root: string, architecture: Architecture): void {
  const files = elfFiles(root);
  const names = files.map(({ path }) => basename(path));
  for (const name of ['node', 'wasprey.node', 'act', 'wasprey.bpf.o', 'isolate.bpf.o', 'libelf.so.1'])
    assert.ok(names.includes(name), `${name} is there`);
  for (const { path, machine } of files)
    assert.equal(machine, path.endsWith('.bpf.o') ? BPF : architecture.elfMachine, path);
}

/** Beside what comes along, Wasprey's files need glibc alone, and none that is newer than Debian 12's. */
export function assertNeedsLibcAlone(root: string): void {
  const own = join(root, HOME, LIBRARIES);
  for (const { path, machine } of elfFiles(join(root, HOME))) {
    if (machine === BPF) continue;
    for (const name of neededLibraries(path))
      assert.ok(LIBC.test(name) || existsSync(join(own, name)), `${basename(path)} needs ${name}`);
    const versions = execFileSync('readelf', ['--version-info', '--wide', path], { encoding: 'utf8' });
    for (const [, minor] of versions.matchAll(/GLIBC_2\.(\d+)/g))
      assert.ok(Number(minor) <= Number(OLDEST_GLIBC.slice('2.'.length)), `${basename(path)} needs glibc 2.${minor}`);
  }
}

/** The bill of materials is valid and names what is expected; each component's licence is there, with what it refers to. */
export async function assertPapers(root: string, expected: readonly RegExp[]): Promise<void> {
  const text = readFileSync(join(root, HOME, SBOM_FILE), 'utf8');
  assert.equal(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text), null);
  const components = asArray(at(JSON.parse(text), 'components'));
  const urls = components.map((one) => asText(at(one, 'purl')) ?? '');
  for (const pattern of expected)
    assert.ok(
      urls.some((url) => pattern.test(url)),
      `${pattern} is in the bill of materials`,
    );
  const licenses = readFileSync(join(root, HOME, LICENSES_FILE), 'utf8');
  for (const one of components) {
    const title = `\n${asText(at(one, 'group')) ? `${asText(at(one, 'group'))}/` : ''}${asText(at(one, 'name'))} ${asText(at(one, 'version'))}: `;
    assert.ok(licenses.includes(title), `licence of${title}`);
  }
  const names = referredLicenses(licenses);
  assert.ok(names.includes('GPL-2') && names.includes('LGPL-3'), 'licences refer to others');
  const titles = [...licenses.matchAll(/^=+\n(\/usr\/share\/common-licenses\/.*)\n=+\n\n./gm)];
  const places = titles.flatMap(([, title = '']) => title.split(', '));
  assert.deepEqual(places.sort(), names.map((name) => `${COMMON_LICENSES}/${name}`).sort());
  assert.match(licenses, /GNU GENERAL PUBLIC LICENSE\s+Version 2, June 1991/);
  assert.match(licenses, /GNU LESSER GENERAL PUBLIC LICENSE\s+Version 3, 29 June 2007/);
}
