// The test suites, in the order in which they run, and what each needs.

import type { prepare } from '../host/setup/prepare.mjs';
import type { GuestSuite } from './kernels/guests.ts';
import { printKernels } from './kernels/kernel-table.ts';
import { ALONE } from './live/alone.ts';
import { shareClusters } from './support/cluster/cluster.ts';
import { makeTestPackages } from './support/machines/packages.ts';

export interface Suite {
  readonly needs: Parameters<typeof prepare>[0];
  /** Test files at a time. */
  readonly concurrency: number;
  /** Files that run by themselves after the others, by their names without `.test.ts`, with the reasons. */
  readonly alone?: Readonly<Record<string, string>>;
  /** Suites that are run in a clone of the project, before its own files. */
  readonly inClone?: readonly string[];
  /** What is to be there before the first file's time begins. */
  readonly before?: (files: readonly string[]) => unknown;
  /** What its files share, from before the first to after the last: for so many at a time. */
  readonly shared?: (atATime: number) => Promise<AsyncDisposable>;
  /** Names of files that begin; the others follow by name. Those that take long go first, so that none is left alone at the end. */
  readonly first?: readonly string[];
  /** Prints what the suite's files have come to together. */
  readonly after?: (files: readonly string[]) => void;
  /** A file that takes longer hangs. */
  readonly fileTimeoutMs?: number;
}

export const SUITES: ReadonlyMap<string, Suite> = new Map<string, Suite>([
  // Before the suites that it runs in the clone: of these remains what Falco's files are needed for.
  ['alone', { needs: 'native', concurrency: 1, inClone: ['unit', 'conformance'] }],
  // A third of their time is that of waiting, for counters and timeouts.
  ['unit', { needs: 'native', concurrency: 3 }],
  ['conformance', { needs: 'native', concurrency: 2 }],
  ['fuzz', { needs: 'native', concurrency: 2 }],
  // Not in `npm test`: each of its cases takes a compiler minutes.
  ['limits', { needs: 'native', concurrency: 1, fileTimeoutMs: 60 * 60_000 }],
  ['live', { needs: 'live-tests', concurrency: 2, alone: ALONE }],
  // A browser keeps a processor busy, and the agent another.
  ['page', { needs: 'page-tests', concurrency: 1 }],
  // A name is certain when two minutes before a session are known: pod-request-stream waits for that, and for a receiver that is away. Two files at
  // a time have a cluster each and take half as long, but not yet without a failure (test/README.md).
  ['cluster', { needs: 'cluster-tests', concurrency: 1, shared: shareClusters, fileTimeoutMs: 15 * 60_000 }],
  // The second is short, but its root takes longest to make.
  ['kernels', inGuests('kernels', ['7.3-amd64', '6.12-amd64', '6.1-arm64', '6.12-arm64'])],
  ['kernel-features', inGuests('kernel-features', ['6.1-amd64', '7.3-amd64', '6.12-arm64', '6.12-amd64'])],
  // One at a time: two of them make packages or images in the working tree.
  ['package', { needs: 'package-tests', concurrency: 1, before: makeTestPackages }],
]);

/** A guest keeps little more than one processor busy; with three at a time two are, to the end. A file prepares its guest as well. */
function inGuests(suite: GuestSuite, first: readonly string[]): Suite {
  return {
    needs: 'kernel-tests',
    concurrency: 3,
    first,
    fileTimeoutMs: 45 * 60_000,
    after: (files) => printKernels(suite, files),
  };
}

/** Suites that make containers. */
export const BELOW_OWN_ROOT: readonly string[] = ['live', 'page', 'cluster', 'kernels', 'kernel-features', 'package'];
