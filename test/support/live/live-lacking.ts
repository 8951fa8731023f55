// This kernel, in the part of one that lacks hooks: see lacking-kernel.c.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cProgram } from '../programs/c-program.ts';

const SOURCE = join(import.meta.dirname, '../programs/lacking-kernel.c');

export interface Lacking {
  readonly tracepoints?: readonly string[];
  /** BPF programs that it refuses. */
  readonly programs?: readonly string[];
  /** No process can make a ring. */
  readonly ioUring?: false;
}

/** What is put before a command line for it to run on such a kernel. */
export function lackingKernel({ tracepoints = [], programs = [], ioUring }: Lacking): string[] {
  return [
    cProgram(SOURCE),
    ...(ioUring === false ? ['--no-io_uring'] : []),
    ...tracepoints.flatMap((name) => ['--no-tracepoint', name]),
    ...programs.flatMap((name) => ['--refuse-program', name]),
    '--',
  ];
}

/** Both names that kernels have for the tracepoint of a request's beginning. */
export const NO_REQUESTS: Lacking = { tracepoints: ['io_uring_submit_req', 'io_uring_submit_sqe'] };

/** All of io_uring, as far as system calls show it. */
export const NO_IO_URING: Lacking = {
  tracepoints: ['io_uring_submit_req', 'io_uring_submit_sqe', 'io_uring_complete', 'io_uring_cqe_overflow'],
  ioUring: false,
};

/**
 * What is put before a command line for it to see no function of io_uring in /proc/kallsyms either, in a mount namespace of its own.
 * @param folder for the file that is seen in its place
 */
export function withoutIoUringSymbols(folder: string): string[] {
  const file = join(folder, 'kallsyms');
  writeFileSync(file, readFileSync('/proc/kallsyms', 'utf8').replace(/^.* __io_uring_cancel\n/gm, ''));
  return ['unshare', '--mount', 'sh', '-c', 'mount --bind "$0" /proc/kallsyms && exec "$@"', file];
}
