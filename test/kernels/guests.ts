// The guests: which kernels, on which processors, and what runs on each of them.

import { NEWEST, OLDEST } from '../../deploy/debian/releases.ts';
import type { HooksKind } from '../../host/capture/native.ts';

/** Debian's names of processors. */
export type Processor = 'amd64' | 'arm64';

/** How control groups are mounted: all controllers in version 1, all in version 2, or those of version 1 beside an empty version 2. */
export type Cgroups = 'v1' | 'v2' | 'hybrid';

/**
 * `minimal`: Debian's packages that tests call, Node, and the checkout's own build.
 * `set-up`: a Debian 13 on which the two commands of the README were run: git, npm, a clone, what set-up installed and built there.
 */
export type RootKind = 'minimal' | 'set-up';

/** What `wasprey doctor` finds missing on a kernel that is well. */
export interface Lacks {
  /** Names of BPF programs whose hooks are missing. */
  readonly hooks: readonly string[];
  /** Sorted. */
  readonly ioUringOperations: readonly string[];
  /** Programs on the hooks of security modules. */
  readonly bpfLsm?: true;
}

/** The suite that runs a step: of every kernel that it starts and sees everything, or what the test machine's own kernel has no means for. */
export type GuestSuite = 'kernels' | 'kernel-features';

/** Files of test/live, without their ending, by the hooks of system calls that their agents use (test/support/live/hooks.ts). */
export type LiveFiles = Readonly<Record<HooksKind, readonly string[]>>;

const NOTHING: Lacks = { hooks: [], ioUringOperations: [] };
const BEFORE_6_11: Lacks = { hooks: [], ioUringOperations: ['BIND', 'FTRUNCATE', 'LISTEN'] };

export interface Guest {
  readonly name: string;
  readonly processor: Processor;
  /** Debian's suite that has the kernel. */
  readonly suite: string;
  /** Names of the packages that a kernel consists of; the newest that match are taken. */
  readonly packages: RegExp;
  /** Modules that the disk needs besides, in the order in which they are loaded (guest/first-stage.sh). */
  readonly diskModules?: readonly string[];
  readonly cgroups: Cgroups;
  readonly root: RootKind;
  readonly lacks: Lacks;
  /** What the agent of the step `hooks` uses in each suite that has this step; `npm start` chooses by itself. */
  readonly hooks: Readonly<Partial<Record<GuestSuite, HooksKind>>>;
  /** Hooks are attached to trace events, from Linux 7.0 on. */
  readonly needsTracefs: boolean;
  /** As many as the time allows, each group of hooks on an older kernel and on arm64. The others are in not-in-guests.ts. */
  readonly live: Readonly<Record<GuestSuite, LiveFiles>>;
}

export const GUESTS: readonly Guest[] = [
  {
    name: '6.1-amd64',
    processor: 'amd64',
    suite: OLDEST.suite,
    packages: /^linux-image-6\.1\.[0-9-]+-cloud-amd64$/,
    cgroups: 'v1',
    root: 'minimal',
    lacks: BEFORE_6_11,
    hooks: { kernels: 'sys_exit', 'kernel-features': 'fexit' },
    needsTracefs: false,
    live: {
      kernels: { sys_exit: ['network', 'io-uring'], fexit: ['exec', 'compat'] },
      'kernel-features': {
        sys_exit: ['responses-cgroups', 'enforcement-lsm'],
        fexit: ['hooks', 'io-uring-pending', 'enforcement-process', 'remembered-names'],
      },
    },
  },
  {
    name: '6.12-amd64',
    processor: 'amd64',
    suite: NEWEST.suite,
    packages: /^linux-image-6\.12\..*-cloud-amd64$/,
    cgroups: 'v2',
    root: 'set-up',
    lacks: NOTHING,
    hooks: { kernels: 'sys_exit' },
    needsTracefs: false,
    live: {
      kernels: { sys_exit: [], fexit: ['network', 'io-uring', 'many-messages'] },
      'kernel-features': { sys_exit: [], fexit: ['hooks', 'enforcement-lsm'] },
    },
  },
  {
    name: '7.3-amd64',
    processor: 'amd64',
    suite: `${NEWEST.suite}-backports`,
    packages: /^linux-(binary|modules|base)-7\.\d+\..*-cloud-amd64$/,
    cgroups: 'v2',
    root: 'minimal',
    lacks: NOTHING,
    hooks: { kernels: 'sys_exit' },
    needsTracefs: true,
    live: {
      kernels: { sys_exit: ['open', 'io-uring', 'storm'], fexit: [] },
      'kernel-features': { sys_exit: ['isolate', 'responses-cgroups', 'enforcement-lsm'], fexit: [] },
    },
  },
  {
    name: '6.1-arm64',
    processor: 'arm64',
    suite: OLDEST.suite,
    packages: /^linux-image-6\.1\.[0-9-]+-cloud-arm64$/,
    cgroups: 'hybrid',
    root: 'minimal',
    lacks: { ...BEFORE_6_11, bpfLsm: true },
    hooks: { kernels: 'sys_exit' },
    needsTracefs: false,
    live: {
      kernels: { sys_exit: ['exec', 'network', 'io-uring'], fexit: [] },
      'kernel-features': { sys_exit: ['enforcement-lsm'], fexit: [] },
    },
  },
  {
    name: '6.12-arm64',
    processor: 'arm64',
    suite: NEWEST.suite,
    // Pages of 16 KB; those of the others have 4.
    packages: /^linux-image-6\.12\..*-arm64-16k$/,
    diskModules: ['crc32c_generic', 'ext4'],
    cgroups: 'v2',
    root: 'minimal',
    lacks: NOTHING,
    hooks: { kernels: 'fexit' },
    needsTracefs: false,
    live: {
      kernels: { sys_exit: [], fexit: ['open', 'io-uring', 'paths', 'mappings', 'descriptor'] },
      'kernel-features': { sys_exit: [], fexit: ['hooks', 'enforcement-lsm'] },
    },
  },
];

/** Names of files of test/live that this guest runs, in either suite. */
export function liveFilesOf({ live }: Guest): string[] {
  return Object.values(live).flatMap(({ sys_exit, fexit }) => [...sys_exit, ...fexit]);
}

export function guestNamed(name: string): Guest {
  const found = GUESTS.find((guest) => guest.name === name);
  if (!found) throw new Error(`no guest is called ${name}: there are ${GUESTS.map((guest) => guest.name).join(', ')}`);
  return found;
}
