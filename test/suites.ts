// The test suites, in the order in which they run, and what each needs.

import type { prepare } from '../host/setup/prepare.mjs';
import type { GuestSuite } from './kernels/guests.ts';
import { printKernels } from './kernels/kernel-table.ts';
import { ALONE } from './live/alone.ts';
import { MAIN_JOB } from './live/main-job.ts';
import { shareClusters } from './support/cluster/cluster.ts';
import { makeTestPackages } from './support/machines/packages.ts';

export interface Suite {
  readonly needs: Parameters<typeof prepare>[0];
  /** Test files at a time. */
  readonly concurrency: number;
  /** Its folder below test/, if that has another name. */
  readonly folder?: string;
  /** Which files of the folder it has, by their names without `.test.ts`; all if absent. */
  readonly has?: (name: string) => boolean;
  /**
   * Files and folders whose content decides what its tests find. While they are as they were when it last passed, `.ci/run` leaves it out. What
   * `npm test` runs each time has none.
   */
  readonly inputs?: readonly string[];
  /** Files that run by themselves after the others, by their names without `.test.ts`, with the reasons. */
  readonly alone?: Readonly<Record<string, string>>;
  /** What is to be there before the first file's time begins. */
  readonly before?: (files: readonly string[]) => unknown;
  /** What its files share, from before the first to after the last: for so many at a time. */
  readonly shared?: (atATime: number) => Promise<AsyncDisposable>;
  /** Names of files that begin; the others follow by name. Those that take long go first, so that none is left alone at the end. */
  readonly first?: readonly string[];
  /** Prints what the suite's files have come to together. */
  readonly after?: (files: readonly string[]) => void;
  /** A file that takes longer is ended, with all its processes. */
  readonly fileLimitMs?: number;
}

/** What the agent is made of. */
const PRODUCT = ['native', 'host', 'rules', 'rules-wasm', 'deploy', 'package-lock.json'];
/** What tests of the agent on a real machine are made of. */
const LIVE_TESTS = ['test/live', 'test/near-misses', 'test/support'];

export const SUITES: ReadonlyMap<string, Suite> = new Map<string, Suite>([
  // A third of their time is that of waiting, for counters and timeouts.
  ['unit', { needs: 'native', concurrency: 3 }],
  ['conformance', { needs: 'native', concurrency: 2 }],
  ['fuzz', { needs: 'native', concurrency: 2 }],
  // In no other run: each of its cases takes a compiler minutes.
  ['limits', { needs: 'native', concurrency: 1, fileLimitMs: 60 * 60_000 }],
  ['main', { needs: 'live-tests', concurrency: 3, folder: 'live', has: (name) => name in MAIN_JOB, alone: ALONE }],
  // A browser keeps a processor busy, and the agent another.
  ['page', { needs: 'page-tests', concurrency: 1 }],
  [
    'live',
    {
      needs: 'live-tests',
      concurrency: 2,
      has: (name) => !(name in MAIN_JOB),
      alone: ALONE,
      inputs: [...PRODUCT, ...LIVE_TESTS],
    },
  ],
  // A name is certain when two minutes before a session are known: pod-request-stream waits for that, and for a receiver that is away. Two files at
  // a time have a cluster each and take half as long, but not yet without a failure (test/README.md).
  [
    'cluster',
    {
      needs: 'cluster-tests',
      concurrency: 1,
      shared: shareClusters,
      fileLimitMs: 15 * 60_000,
      inputs: [...PRODUCT, 'test/cluster', 'test/support'],
    },
  ],
  // The second is short, but its root takes longest to make.
  ['kernels', inGuests('kernels', ['7.3-amd64', '6.12-amd64', '6.1-arm64', '6.12-arm64'])],
  ['kernel-features', inGuests('kernel-features', ['6.1-amd64', '7.3-amd64', '6.12-arm64', '6.12-amd64'])],
  // One at a time: two of them make packages or images in the working tree.
  [
    'package',
    {
      needs: 'package-tests',
      concurrency: 1,
      before: makeTestPackages,
      inputs: [...PRODUCT, 'package.json', 'test/package', 'test/support'],
    },
  ],
]);

/** A guest keeps little more than one processor busy; with three at a time two are, to the end. A file prepares its guest as well. */
function inGuests(suite: GuestSuite, first: readonly string[]): Suite {
  return {
    needs: 'kernel-tests',
    concurrency: 3,
    first,
    fileLimitMs: 45 * 60_000,
    after: (files) => printKernels(suite, files),
    // Another kernel changes what the core sees of it; whatever reads its records is the same everywhere, and has run here.
    inputs: [
      'native',
      'host/schema',
      'host/capture',
      'host/setup',
      'deploy',
      'package-lock.json',
      'test/kernels',
      'test/kernel-features',
      ...LIVE_TESTS,
    ],
  };
}

/** Suites that make containers. */
export const BELOW_OWN_ROOT: readonly string[] = [
  'main',
  'page',
  'live',
  'cluster',
  'kernels',
  'kernel-features',
  'package',
];
