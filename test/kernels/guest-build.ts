// The project as it is built for releases, for a guest's processor; and load-programs and the C programs of tests, for the guests alone.

import { globSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sysroot } from '../../deploy/native/sysroot.ts';
import { BUILD, PROJECT } from '../../host/setup/paths.mjs';
import { buildProgram } from '../support/programs/c-program.ts';
import { architectureNamed } from './architecture.ts';
import type { Processor } from './guests.ts';
import type { GuestBuild } from './initramfs.ts';
import { runTool } from './run-tool.ts';

export function releaseBuild(processor: Processor): Pick<GuestBuild, 'folder'> {
  make(processor, ['bpf', 'addon', 'act', 'libraries']);
  return { folder: join(BUILD, processor) };
}

/** Makes the package, and returns a folder with the files of its archive. */
export function packageFiles(processor: Processor): string {
  const folder = join(BUILD, 'kernels', processor, 'package');
  const files = join(folder, 'files');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(files, { recursive: true });
  runTool(process.execPath, [`${PROJECT}deploy/package/main.ts`, '--architecture', processor, folder]);
  runTool('tar', ['-xzf', ...globSync(join(folder, '*.tar.gz')), '-C', files]);
  return files;
}

/** Statically linked, with the libbpf of the release. */
export function buildLoadPrograms(processor: Processor): string {
  const folder = join(BUILD, 'kernels', processor);
  mkdirSync(folder, { recursive: true });
  const libbpf = join(BUILD, processor, 'libbpf');
  make(processor, [join(libbpf, 'libbpf.a')]);
  const program = join(folder, 'load-programs');
  runTool('clang-19', [
    ...targetOf(processor),
    ...['-O1', '-Wall', '-Wextra', '-Werror', '-isystem', join(libbpf, 'include'), `-I${PROJECT}native/generated`],
    ...[`${PROJECT}test/kernels/guest/load-programs.c`, '-o', program],
    ...['-static', join(libbpf, 'libbpf.a'), '-lelf', '-lz'],
  ]);
  return program;
}

/**
 * The C programs of tests (test/support/programs), statically linked.
 * @returns their folder
 */
export function buildTestPrograms(processor: Processor): string {
  const folder = join(BUILD, 'kernels', processor, 'programs');
  const flags = [...targetOf(processor), '-static'];
  for (const source of globSync(`${PROJECT}test/support/programs/*.c`)) buildProgram(source, { folder, flags });
  return folder;
}

function targetOf(processor: Processor): string[] {
  return [`--target=${architectureNamed(processor).triplet}`, `--sysroot=${systemOf(processor)}`, '-fuse-ld=lld'];
}

function make(processor: Processor, targets: readonly string[]): void {
  const words = ['-C', `${PROJECT}native`, '-j2', `ARCH=${processor}`, `SYSROOT=${systemOf(processor)}`];
  runTool('make', [...words, ...targets]);
}

/** By processor: to ask apt for the packages of one takes 5 s. */
const systems = new Map<Processor, string>();

function systemOf(processor: Processor): string {
  const system = systems.get(processor) ?? sysroot(architectureNamed(processor));
  systems.set(processor, system);
  return system;
}
