// The project as it was built for a guest's processor, and load-programs, which is for the guests alone.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { BUILD, PROJECT } from '../../host/setup/paths.mjs';
import { run } from './debian.ts';
import type { Processor } from './guests.ts';
import type { GuestBuild } from './initramfs.ts';

export async function guestBuild(processor: Processor): Promise<GuestBuild> {
  const folder = processor === 'amd64' ? BUILD : join(BUILD, processor);
  const to = join(BUILD, 'kernels', processor);
  mkdirSync(to, { recursive: true });
  const loadPrograms = join(to, 'load-programs');
  await run('clang-19', ['-O1', '-Wall', '-Wextra', '-Werror', `${PROJECT}test/kernels/guest/load-programs.c`, '-o', loadPrograms, '-lbpf']);
  return { folder, loadPrograms };
}
