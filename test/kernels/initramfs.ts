// The initramfs of a guest: the first stage, the modules of its kernel, and what changes with each edit of the project. It is packed
// for each boot, and stays in memory; all that seldom changes is on the disk.

import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PROJECT } from '../../host/setup/paths.mjs';
import { architectureNamed } from './architecture.ts';
import { falcoRules } from './falco-rules.ts';
import { type Guest, INSTALLED } from './guests.ts';
import type { Kernel } from './kernel.ts';
import { PROJECT_IN_ROOT } from './minimal-root.ts';
import { GUESTS_COMPILE_CACHE } from './prime.ts';
import { runTool } from './run-tool.ts';
import type { Step } from './steps.ts';

/** Where a guest's programs come from. */
export interface GuestBuild {
  /** A working tree that set-up was run in. Without it, the guest has what is installed: no sources of the capture core. */
  readonly sources?: string;
  /** Holds native/wasprey.node, native/act and the BPF objects. */
  readonly folder: string;
  readonly loadPrograms: string;
  /** Folder of the C programs of tests. */
  readonly testPrograms: string;
}

export interface InitramfsParts {
  readonly guest: Guest;
  readonly kernel: Kernel;
  readonly busybox: string;
  readonly build: GuestBuild;
  /** Holds the files of the package, of which the guest has a copy (INSTALLED). */
  readonly installed: string | undefined;
  readonly steps: readonly Step[];
}

/** How much longer things take than on a machine with such processors of its own. */
const TIME_FACTOR = 10;

/** Where a guest has the C programs of tests (test/support/programs/c-program.ts). */
const TEST_PROGRAMS = '/guest/programs';

const SOURCES = [
  'host',
  'rules',
  'rules-wasm',
  'test',
  'deploy/debian/releases.ts', // what guests.ts names suites by
  'package.json',
  'package-lock.json',
  'asconfig.json',
  'LICENSE',
];
const BUILT = [
  'native/wasprey.node',
  'native/act',
  'bpf/wasprey.bpf.o',
  'bpf/isolate.bpf.o',
  'lib',
  'setup/native.stamp',
];
/** The page, compiled rules and a program of the bench: made here, since emulation takes a minute for what takes a second. */
const CACHES = ['page', 'setup/page.stamp', 'modules', 'test/modules', 'bench/count-instructions'];

export function packInitramfs(parts: InitramfsParts, file: string): void {
  const staging = `${file}.d`;
  rmSync(staging, { recursive: true, force: true });
  const copy = (from: string, to: string): void => {
    mkdirSync(dirname(join(staging, to)), { recursive: true });
    cpSync(from, join(staging, to), { recursive: true, verbatimSymlinks: true });
  };
  copy(`${PROJECT}test/kernels/guest/first-stage.sh`, 'init');
  copy(parts.busybox, 'bin/busybox');
  copy(join(parts.kernel.folder, 'lib'), 'lib');
  const project = `project/${PROJECT_IN_ROOT}`;
  const { sources = PROJECT } = parts.build;
  for (const name of parts.build.sources === undefined ? SOURCES : [...SOURCES, 'native']) {
    copy(join(sources, name), `${project}/${name}`);
  }
  for (const name of BUILT)
    if (existsSync(join(parts.build.folder, name))) copy(join(parts.build.folder, name), `${project}/build/${name}`);
  for (const name of CACHES)
    if (existsSync(`${PROJECT}build/${name}`)) copy(`${PROJECT}build/${name}`, `${project}/build/${name}`);
  // Node finds it in a folder that has its architecture in its name. V8 takes the code on this machine's architecture alone, and compiles
  // on the other; sources have no types on either.
  const { node } = architectureNamed(parts.guest.processor);
  for (const name of existingFolders(GUESTS_COMPILE_CACHE)) {
    const there = name.replace(`-${process.arch}-`, `-${node}-`);
    copy(join(GUESTS_COMPILE_CACHE, name), `${project}/build/compile-cache/${there}`);
  }
  if (parts.installed !== undefined) copy(parts.installed, `${project}/${INSTALLED}`);
  for (const path of falcoRules()) copy(path, `project${path}`);
  copy(parts.build.loadPrograms, 'project/guest/load-programs');
  copy(parts.build.testPrograms, `project${TEST_PROGRAMS}`);
  copy(`${PROJECT}test/kernels/guest/init.sh`, 'project/guest/init');
  writeFileSync(join(staging, 'project/guest/settings'), settings(parts.guest));
  writeFileSync(
    join(staging, 'project/guest/steps'),
    parts.steps
      .map((step) => `${step.name.replaceAll(' ', '_')} ${step.file} ${step.limitSeconds} ${step.hooks}\n`)
      .join(''),
  );
  runTool('sh', ['-c', `chmod 755 init project/guest/init && find . | cpio -o -H newc --quiet >"$0"`, file], staging);
  rmSync(staging, { recursive: true });
}

function existingFolders(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Shell that the guest's init reads. */
function settings({ name: guest, cgroups }: Guest): string {
  const variables = {
    PROJECT: PROJECT.replace(/\/$/, ''),
    GUEST: guest,
    CGROUPS: cgroups,
    WASPREY_TIME_FACTOR: String(TIME_FACTOR),
    WASPREY_TEST_PROGRAMS: TEST_PROGRAMS,
    FALCO_FILES: String(falcoRules().length),
    ...(process.env.FALCO_DATA !== undefined && { FALCO_DATA: process.env.FALCO_DATA }),
  };
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value}'\n`)
    .join('');
}
