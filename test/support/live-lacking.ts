// A kernel that lacks hooks, as this one plays it: see lacking-kernel.c.

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PROJECT } from '../../host/setup/paths.mjs';

const TOOL = join(PROJECT, 'build/test/lacking-kernel');

/** Makes the launcher; it is a test's alone. */
export function buildLauncher(): void {
  mkdirSync(dirname(TOOL), { recursive: true });
  execFileSync(
    'clang-19',
    ['-O1', '-Wall', '-Wextra', '-Werror', '-o', TOOL, join(import.meta.dirname, 'lacking-kernel.c')],
    {
      stdio: 'inherit',
    },
  );
}

export interface Lacking {
  readonly tracepoints?: readonly string[];
  /** BPF programs that it refuses. */
  readonly programs?: readonly string[];
}

/** What is put before a command line for it to run on such a kernel. */
export function lackingKernel({ tracepoints = [], programs = [] }: Lacking): string[] {
  return [
    TOOL,
    ...tracepoints.flatMap((name) => ['--no-tracepoint', name]),
    ...programs.flatMap((name) => ['--refuse-program', name]),
    '--',
  ];
}

/** Both names that kernels have for the tracepoint of a request's beginning. */
export const NO_REQUESTS: Lacking = { tracepoints: ['io_uring_submit_req', 'io_uring_submit_sqe'] };
