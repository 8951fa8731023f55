// The image's root folder: what the agent runs and nothing else, made from this checkout, as it is built, and this Debian machine.

import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRuleFiles } from '../../host/cli/rule-files.ts';
import { loadRuleSet } from '../../host/cli/rule-set.ts';
import { processTerminal } from '../../host/cli/terminal.ts';
import { compileModule } from '../../host/compiler/compile.ts';
import { PROJECT } from '../../host/setup/paths.mjs';
import { RUNTIME_OPTIONS, RUNTIME_PACKAGE } from '../../host/setup/runtime.mjs';
import { copyNodePackages } from './node-packages.ts';
import { ProgramsOfDebian } from './programs.ts';

/** Where Wasprey is in the image. */
export const HOME = '/usr/lib/wasprey';

export const IMAGE_CONFIG = {
  Entrypoint: ['/usr/bin/wasprey'],
  Cmd: ['run'],
  // One heap of the C library for all threads: what a thread frees serves the others.
  Env: ['PATH=/usr/bin', 'MALLOC_ARENA_MAX=1'],
  Labels: {
    'org.opencontainers.image.title': 'Wasprey',
    'org.opencontainers.image.version': version(),
    'org.opencontainers.image.licenses': 'Apache-2.0',
  },
} as const;

/** @param root an empty folder */
export async function makeRootFolder(root: string): Promise<void> {
  const home = join(root, HOME);
  mkdirSync(home, { recursive: true });
  copyFileSync(join(PROJECT, 'LICENSE'), join(home, 'LICENSE'));
  writePackage(home);
  buildHost(home);
  for (const folder of ['rules', 'rules-wasm']) cpSync(join(PROJECT, folder), join(home, folder), { recursive: true });
  copyNodePackages(home);
  copyNative(home);
  addPrograms(root, home);
  addSystemFiles(root);
  await compileRules(home);
}

/** JavaScript: it starts in 0.5 s and 108 MB; stripping the types at each start takes 0.1 s and 5 MB more. */
function buildHost(home: string): void {
  const settings = join(PROJECT, 'deploy/image/tsconfig.json');
  execFileSync(join(PROJECT, 'node_modules/.bin/tsc'), ['-p', settings, '--outDir', join(home, 'host')], {
    stdio: ['ignore', 2, 2],
  });
}

/** Not the scripts and development packages, of which there are none in the image. */
function writePackage(home: string): void {
  const { name, description, license, dependencies } = manifest();
  const kept = { name, version: version(), description, license, private: true, type: 'module', dependencies };
  writeFileSync(join(home, 'package.json'), `${JSON.stringify(kept, undefined, 2)}\n`);
  // One of the things that decide what the compiler makes of rules.
  copyFileSync(join(PROJECT, 'package-lock.json'), join(home, 'package-lock.json'));
}

function copyNative(home: string): void {
  for (const path of ['native/wasprey.node', 'native/act', 'bpf/wasprey.bpf.o'])
    cpSync(join(PROJECT, 'build', path), join(home, 'build', path));
  // What they say of their sources' lines is for a debugger; the build has taken it out of the BPF object.
  for (const path of ['wasprey.node', 'act']) execFileSync('strip', [join(home, 'build/native', path)]);
}

/** Of the rules that come with Wasprey, so that a pod need not wait for the compiler. */
async function compileRules(home: string): Promise<void> {
  const { active } = loadRuleSet(readRuleFiles([]), processTerminal(), false);
  await compileModule(active, { cacheDirectory: join(home, 'build/modules') });
}

function addPrograms(root: string, home: string): void {
  const programs = new ProgramsOfDebian(root);
  const node = join(home, 'node_modules', RUNTIME_PACKAGE, 'bin/node');
  execFileSync('strip', ['--strip-unneeded', node]);
  programs.addLibrariesOf(node);
  programs.addLibrariesOf(join(home, 'build/native/wasprey.node'));
  programs.addBusybox();
  // What Falco's users send alerts to Slack with.
  programs.addProgram('curl');
  programs.addProgram('jq');
  programs.addFile('/etc/ssl/certs/ca-certificates.crt');
  symlinkSync(`../lib/wasprey/node_modules/${RUNTIME_PACKAGE}/bin/node`, join(root, 'usr/bin/node'));
  const launcher = `#!/bin/sh\nexec /usr/bin/node ${RUNTIME_OPTIONS.join(' ')} ${HOME}/host/cli/main.js "$@"\n`;
  writeFileSync(join(root, 'usr/bin/wasprey'), launcher, { mode: 0o755 });
}

function addSystemFiles(root: string): void {
  const files = {
    'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
    'etc/group': 'root:x:0:\nnogroup:x:65534:\n',
    'etc/shadow': 'root:*:20000:0:99999:7:::\n',
    'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
    'etc/os-release': readFileSync('/etc/os-release', 'utf8'),
  };
  // Mount points, and what programs expect. The rules that come with Wasprey are where people look for them, too.
  for (const folder of [
    'dev',
    'etc/wasprey/rules.d',
    'proc',
    'root',
    'run/wasprey',
    'sys',
    'tmp',
    'var/cache/wasprey',
    'var/lib/wasprey',
  ])
    mkdirSync(join(root, folder), { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text);
  chmodSync(join(root, 'etc/shadow'), 0o600);
  chmodSync(join(root, 'tmp'), 0o1777);
  symlinkSync(`${HOME}/rules`, join(root, 'etc/wasprey/rules'));
}

function version(): string {
  return String(manifest().version);
}

function manifest(): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
}
