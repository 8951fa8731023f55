// The `minimal` root of a processor, as a disk image: Debian's packages that the tests call, the pinned Node, and the npm packages
// that run on any processor. What changes with each edit (host/, test/, the build) is not in it: see project-files.ts.

import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../host/setup/paths.mjs';
import { DebianArchive } from '../../deploy/debian/archive.ts';
import { cachedFolder } from '../../deploy/debian/cached-folder.ts';
import { extractPackages } from '../../deploy/debian/extract.ts';
import { makeDiskImage } from './disk-image.ts';
import type { Processor } from './guests.ts';
import { runTool } from './run-tool.ts';

const PACKAGES = [
  ...['base-files', 'base-passwd', 'bash', 'coreutils', 'dash', 'debianutils', 'findutils', 'gawk', 'grep', 'login.defs'],
  ...['libc-bin', 'mount', 'netbase', 'passwd', 'procps', 'sed', 'util-linux', 'bsdutils', 'kmod', 'iproute2'],
  ...['attr', 'busybox-static', 'libcap2-bin', 'libbpf1', 'libseccomp2', 'libstdc++6', 'runc'],
];

/** Where npm packages are in a root, as the project is found there. */
export const PROJECT_IN_ROOT = 'srv/wasprey';

/** npm's names of the processors. */
const NODE_PROCESSOR = { amd64: 'x64', arm64: 'arm64' } as const;

export interface Root {
  readonly disk: string;
  /** Of the guest's processor, statically linked: the first stage runs in it alone. */
  readonly busybox: string;
}

export function minimalRoot(processor: Processor): Root {
  const packages = new DebianArchive({ suite: 'trixie', architecture: processor }).packages(PACKAGES);
  const scripts = [import.meta.filename, `${PROJECT}package-lock.json`].map((path) => readFileSync(path, 'utf8'));
  const folder = cachedFolder(`root-minimal-${processor}`, [...packages, ...scripts], (to) => {
    const root = join(to, 'root');
    extractPackages(packages, root);
    makeUpForScripts(root);
    addNodePackages(processor, root);
    makeDiskImage(root, join(to, 'disk'));
    cpSync(join(root, 'usr/bin/busybox'), join(to, 'busybox'));
    rmSync(root, { recursive: true });
  });
  return { disk: join(folder, 'disk'), busybox: join(folder, 'busybox') };
}

/** What maintainer scripts would make: they are of another processor, so that none was run. */
function makeUpForScripts(root: string): void {
  const write = (path: string, text: string, mode = 0o644): void => writeFileSync(join(root, path), text, { mode });
  for (const name of ['doc', 'man', 'locale']) rmSync(join(root, 'usr/share', name), { recursive: true, force: true });
  write(
    'etc/passwd',
    `root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/:/bin/false\n`,
  );
  write('etc/group', 'root:x:0:\ndaemon:x:1:\ntty:x:5:\nnogroup:x:65534:\n');
  write('etc/shadow', 'root:*:20000:0:99999:7:::\n', 0o600);
  write('etc/hosts', '127.0.0.1 localhost guest\n::1 localhost\n');
  for (const [link, target] of [['sh', 'dash'], ['awk', 'gawk']] as const) {
    if (!lstatSync(join(root, 'usr/bin', link), { throwIfNoEntry: false })) symlinkSync(target, join(root, 'usr/bin', link));
  }
}

function addNodePackages(processor: Processor, root: string): void {
  const to = join(root, PROJECT_IN_ROOT, 'node_modules');
  cpSync(`${PROJECT}node_modules`, to, { recursive: true, verbatimSymlinks: true, filter: isNeededToRun });
  const name = `node-linux-${NODE_PROCESSOR[processor]}`;
  const runtime = join(to, name);
  mkdirSync(join(runtime, 'bin'), { recursive: true });
  const from = nodePackage(name);
  for (const file of ['package.json', 'bin/node']) cpSync(join(from, file), join(runtime, file));
  symlinkSync(`/${PROJECT_IN_ROOT}/node_modules/${name}/bin/node`, join(root, 'usr/bin/node'));
}

/** Compilers, linters, types and the runtime of this machine stay out. */
function isNeededToRun(path: string): boolean {
  return !/node_modules\/(@biomejs|@types|@typescript|typescript|node-linux-[^/]*|\.bin|binaryen\/bin)(\/|$)|\.d\.ts$|\.map$|\.md$/.test(path);
}

/** The pinned Node for a processor: npm installs that of this machine alone. */
function nodePackage(name: string): string {
  if (existsSync(`${PROJECT}node_modules/${name}/bin/node`)) return `${PROJECT}node_modules/${name}`;
  const manifest = JSON.parse(readFileSync(`${PROJECT}package.json`, 'utf8')) as { optionalDependencies: Record<string, string> };
  const version = manifest.optionalDependencies[name] ?? '';
  const folder = cachedFolder(name, [version], (to) => {
    runTool('npm', ['pack', '--silent', `${name}@${version}`], to);
    runTool('sh', ['-c', 'tar xzf *.tgz && rm *.tgz'], to);
  });
  return join(folder, 'package');
}
