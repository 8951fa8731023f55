// The image's root folder: an installed Wasprey and what it needs of a system, from Debian's packages.

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RuleFile } from '../../host/compiler/rules/load.ts';
import { version } from '../../host/diagnostics/version.ts';
import { NEWEST } from '../debian/releases.ts';
import { commonLicenses } from '../sbom/common-licenses.ts';
import { debianComponent } from '../sbom/debian-components.ts';
import { writeDocuments } from '../sbom/documents.ts';
import { installedComponents } from '../sbom/installed-components.ts';
import type { Architecture } from '../tree/architecture.ts';
import { fixMetadata } from '../tree/fixed-metadata.ts';
import { HOME, makeInstalledTree } from '../tree/installed-tree.ts';
import { LIBRARIES } from '../tree/native-parts.ts';
import { runtimeProgram } from '../tree/node-runtime.ts';
import { DebianPrograms } from './debian-programs.ts';

export const IMAGE_CONFIG = {
  Entrypoint: ['/usr/bin/wasprey'],
  Cmd: ['run'],
  Env: ['PATH=/usr/bin'],
  Labels: {
    'org.opencontainers.image.title': 'Wasprey',
    'org.opencontainers.image.version': version(),
    'org.opencontainers.image.licenses': 'Apache-2.0',
  },
} as const;

/** Mount points, and what programs expect. */
const FOLDERS = ['dev', 'proc', 'root', 'run/wasprey', 'sys', 'tmp'];

const FILES = {
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
  'etc/group': 'root:x:0:\nnogroup:x:65534:\n',
  'etc/shadow': 'root:*:20000:0:99999:7:::\n',
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
};

const MODES = { 'etc/shadow': 0o600, tmp: 0o1777 };

/** Rule files that are added to an image: loaded behind those that ship. */
const ADDED_RULES = 'etc/wasprey/rules.image';

/** @param root an empty folder */
export async function makeRootFolder(
  root: string,
  architecture: Architecture,
  rules: readonly RuleFile[] = [],
): Promise<void> {
  const programs = new DebianPrograms(root, architecture);
  await makeInstalledTree(root, architecture);
  const home = join(root, HOME);
  const libraries = join(home, LIBRARIES);
  for (const path of [runtimeProgram(architecture), 'build/native/wasprey.node'])
    programs.addLibrariesOf(join(home, path), libraries);
  programs.addBusybox();
  // What Falco's users send alerts to Slack with.
  programs.addProgram('curl');
  programs.addProgram('jq');
  programs.addCertificates();
  programs.addOsRelease();
  symlinkSync(`../lib/wasprey/${runtimeProgram(architecture)}`, join(root, 'usr/bin/node'));
  for (const folder of FOLDERS) mkdirSync(join(root, folder), { recursive: true });
  const debian = programs.packages.map((one) => debianComponent(one, NEWEST));
  writeDocuments(home, [...installedComponents(architecture), ...debian], commonLicenses(architecture));
  for (const [path, text] of Object.entries(FILES)) writeFileSync(join(root, path), text);
  mkdirSync(join(root, ADDED_RULES));
  for (const { name, text } of rules) writeFileSync(join(root, ADDED_RULES, name), text);
  fixMetadata(root, MODES);
}
