// The project as it is built for releases, for a guest's processor; and load-programs, which is for the guests alone.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { sysroot } from '../../deploy/native/sysroot.ts';
import { architectureNamed } from '../../deploy/tree/architecture.ts';
import { BUILD, PROJECT } from '../../host/setup/paths.mjs';
import type { Processor } from './guests.ts';
import type { GuestBuild } from './initramfs.ts';
import { runTool } from './run-tool.ts';

export function guestBuild(processor: Processor): GuestBuild {
  const folder = join(BUILD, processor);
  const system = sysroot(architectureNamed(processor));
  const make = ['-C', `${PROJECT}native`, '-j2', `ARCH=${processor}`, `SYSROOT=${system}`];
  runTool('make', [...make, 'bpf', 'addon', 'act', 'libraries']);
  return { folder, loadPrograms: buildLoadPrograms(processor, folder, system) };
}

function buildLoadPrograms(processor: Processor, build: string, system: string): string {
  const to = join(BUILD, 'kernels', processor);
  mkdirSync(to, { recursive: true });
  const program = join(to, 'load-programs');
  runTool('clang-19', [
    ...[`--target=${architectureNamed(processor).triplet}`, `--sysroot=${system}`, '-fuse-ld=lld'],
    ...['-O1', '-Wall', '-Wextra', '-Werror', '-isystem', join(build, 'libbpf/include')],
    ...[`${PROJECT}test/kernels/guest/load-programs.c`, '-o', program],
    ...['-static', join(build, 'libbpf/libbpf.a'), '-lelf', '-lz'],
  ]);
  return program;
}
