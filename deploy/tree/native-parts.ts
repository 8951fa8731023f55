// What an installed Wasprey has of a processor's own: BPF programs, addon, act and the libraries that come along, as native/release.mk
// builds them.

import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { SetupFailure } from '../../host/setup/failure.mjs';
import { BUILD, PROJECT, SYSTEM_PATH } from '../../host/setup/paths.mjs';
import type { Architecture } from './architecture.ts';

/** The libraries of Debian's that come along, below Wasprey's folder. */
export const LIBRARIES = 'build/lib';

const FILES = ['native/wasprey.node', 'native/act', 'bpf/wasprey.bpf.o', 'bpf/isolate.bpf.o', 'lib'];

/** Names of the libraries that native/release.mk has taken. */
export function libraryNames({ name }: Architecture): string[] {
  return readdirSync(join(BUILD, name, 'lib'));
}

/**
 * Builds what is not up to date.
 * @param home Wasprey's folder in the tree
 * @param system the sysroot
 */
export function copyNativeParts(home: string, { name }: Architecture, system: string): void {
  const jobs = `-j${availableParallelism()}`;
  try {
    execFileSync('make', ['-C', join(PROJECT, 'native'), jobs, `ARCH=${name}`, `SYSROOT=${system}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
      env: { ...process.env, PATH: SYSTEM_PATH, MAKEFLAGS: '', LC_ALL: 'C.UTF-8' },
    });
  } catch (error) {
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new SetupFailure(
      `the capture core could not be built for ${name}`,
      [
        {
          what: `make -C native ARCH=${name} failed`,
          how: `see below what it says; delete build/${name}/ and run this again`,
        },
      ],
      { output },
    );
  }
  for (const path of FILES) cpSync(join(BUILD, name, path), join(home, 'build', path), { recursive: true });
}
