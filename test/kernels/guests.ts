// The guests: which kernels, on which processors, and what runs on each of them.

import { NEWEST, OLDEST } from '../../deploy/debian/releases.ts';
import type { HooksKind } from '../../host/capture/native.ts';
import { callNames, callNumber } from '../../host/schema/events/call-numbers.ts';

/** Debian's names of processors. */
export type Processor = 'amd64' | 'arm64';

/** How control groups are mounted: all controllers in version 1, all in version 2, or those of version 1 beside an empty version 2. */
export type Cgroups = 'v1' | 'v2' | 'hybrid';

/**
 * `minimal`: Debian's packages that tests call, Node, and the checkout's own build.
 * `set-up`: a Debian 13 with git and npm, in which a copy of the checkout was set up as `npm start` does it.
 */
export type RootKind = 'minimal' | 'set-up';

/** Where a guest has the package's files, in the project's folder: they work wherever they are unpacked. */
export const INSTALLED = 'build/installed';

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

/** What a guest runs in `kernel-features`: files of test/live by the hooks of system calls that their agents use (test/support/live/hooks.ts). */
export interface Features extends Readonly<Record<HooksKind, readonly string[]>> {
  /** The step `hooks` as well, with an agent that uses these; in `kernels` it uses sys_exit, as `auto` does. */
  readonly stepHooks?: HooksKind;
  /** The step `generate` as well, in the same way. */
  readonly stepGenerate?: HooksKind;
  /** The step `package`: the test machine installs that of its own processor (test/package/install.test.ts). */
  readonly stepPackage?: true;
}

/** Of calls that 64-bit ARM lacks, such as open(2). */
const LACKING_ON_ARM64 = callNames().filter((name) => callNumber(name, 'arm64') === undefined);
const OLD_CALLS = new RegExp(`^act: no such call here: (${LACKING_ON_ARM64.join('|')})$`);
const NEW_REQUESTS = /^the kernel has no request of io_uring for \w+ \(IORING_OP_(BIND|FTRUNCATE|LISTEN)\)$/;

/** Of the minimal root: Debian's package makes the program's link when it is configured, and packages are only unpacked there. */
const NO_IPTABLES = /^iptables is missing$/;

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
  /** Reasons for which a test may be left out here. One that is skipped for another reason has failed. */
  readonly leavesOut: readonly RegExp[];
  /** Hooks are attached to trace events, from Linux 7.0 on. */
  readonly needsTracefs: boolean;
  /**
   * Files of test/live, without their ending, whose agents use the hooks that `auto` chooses: as many as the time allows, each group of hooks on an
   * older kernel and on arm64. The others are in not-in-guests.ts. Undefined: the guest has time in `kernel-features` alone.
   */
  readonly live: readonly string[] | undefined;
  readonly features?: Features;
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
    leavesOut: [NEW_REQUESTS],
    needsTracefs: false,
    live: ['exec', 'io-uring', 'compat'],
    features: {
      stepHooks: 'fexit',
      sys_exit: ['responses-cgroups', 'enforcement-lsm', 'mounts', 'network', 'receive-ways'],
      fexit: [
        'hooks',
        'exec',
        'compat',
        'process-fields',
        'moved-directory',
        'io-uring-pending',
        'enforcement-process',
        'remembered-names',
      ],
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
    leavesOut: [],
    needsTracefs: false,
    live: ['io-uring'],
    features: {
      stepGenerate: 'fexit',
      sys_exit: ['moved-directory'],
      fexit: [
        'hooks',
        'network',
        'io-uring',
        'many-messages',
        'receive-ways',
        'enforcement-lsm',
        'remembered-sequence',
        'process',
        'lineage',
        'evasion-files',
        'stock-stable',
      ],
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
    leavesOut: [NO_IPTABLES],
    needsTracefs: true,
    live: ['io-uring'],
    features: { sys_exit: ['open', 'storm', 'isolate', 'responses-cgroups', 'enforcement-lsm'], fexit: [] },
  },
  {
    name: '6.1-arm64',
    processor: 'arm64',
    suite: OLDEST.suite,
    packages: /^linux-image-6\.1\.[0-9-]+-cloud-arm64$/,
    cgroups: 'hybrid',
    root: 'minimal',
    lacks: { ...BEFORE_6_11, bpfLsm: true },
    leavesOut: [OLD_CALLS, NEW_REQUESTS],
    needsTracefs: false,
    live: ['io-uring'],
    features: { sys_exit: ['open', 'paths', 'mappings', 'descriptor', 'program-32bit'], fexit: [] },
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
    leavesOut: [OLD_CALLS],
    needsTracefs: false,
    live: ['io-uring'],
    features: {
      stepHooks: 'fexit',
      stepPackage: true,
      sys_exit: ['exec', 'network', 'enforcement-process'],
      fexit: ['hooks', 'open', 'paths', 'mappings', 'descriptor', 'program-32bit', 'enforcement-lsm'],
    },
  },
  {
    // Pages of 4 KB, as the most machines have that run Debian 13.
    name: '6.12-arm64-4k',
    processor: 'arm64',
    suite: NEWEST.suite,
    packages: /^linux-image-6\.12\..*-cloud-arm64$/,
    cgroups: 'hybrid',
    root: 'minimal',
    lacks: NOTHING,
    leavesOut: [OLD_CALLS],
    needsTracefs: false,
    live: undefined,
    features: { stepHooks: 'sys_exit', sys_exit: ['io-uring'], fexit: [] },
  },
  {
    name: '7.3-arm64',
    processor: 'arm64',
    suite: `${NEWEST.suite}-backports`,
    packages: /^linux-(binary|modules|base)-7\.\d+\..*-cloud-arm64$/,
    cgroups: 'v2',
    root: 'minimal',
    lacks: NOTHING,
    leavesOut: [OLD_CALLS],
    needsTracefs: true,
    live: undefined,
    features: { stepHooks: 'sys_exit', sys_exit: ['exec', 'io-uring'], fexit: [] },
  },
];

/** Names of files of test/live that this guest runs, in either suite. */
export function liveFilesOf({ live = [], features }: Guest): string[] {
  return [...new Set([...live, ...(features?.sys_exit ?? []), ...(features?.fexit ?? [])])];
}

/** Whether a test may be skipped on this guest for that reason. */
export function mayLeaveOut({ leavesOut }: Guest, reason: string): boolean {
  return leavesOut.some((known) => known.test(reason));
}

export function guestNamed(name: string): Guest {
  const found = GUESTS.find((guest) => guest.name === name);
  if (!found) throw new Error(`no guest is called ${name}: there are ${GUESTS.map((guest) => guest.name).join(', ')}`);
  return found;
}
