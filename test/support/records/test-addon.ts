// The addon of tests (native/test/addon.cc): the addon of users, with what only tests call. Captures come from the addon of users, unless
// inject.ts or builder-capture.ts is imported.

import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import type { NativeAddon } from '../../../host/capture/native-addon.ts';
import { BUILD, PROJECT } from '../../../host/setup/paths.mjs';

/** Texts are absent where they are not known. */
export interface EnforcedFacts {
  readonly type: number;
  readonly failed: number;
  readonly combination: number;
  readonly isDirectory: number;
  /** Index of SOCKET_KINDS. */
  readonly socket: number;
  /** 1: in a container, 2: on the host. */
  readonly where: number;
  readonly candidates: bigint;
  readonly path?: Uint8Array;
  readonly resolved?: Uint8Array;
  readonly executable?: Uint8Array;
  readonly name?: Uint8Array;
  /** Of the process that acts. */
  readonly running?: Uint8Array;
  /** 16 bytes; of IPv4 as mapped. */
  readonly peer?: Uint8Array;
  readonly port?: number;
  readonly isIpv4?: number;
}

/** Those of native/src/images/name_databases.h. */
export interface NameLimits {
  readonly bytes?: number;
  readonly bytesOfContainer?: number;
  readonly rootsOfContainer?: number;
  readonly mostNs?: number;
  readonly mostNsOfContainer?: number;
}

export type NameStep =
  | readonly ['look', container: number, root: string, uid: number]
  | readonly ['forget', container: number];

interface TestAddon extends NativeAddon {
  /**
   * Puts an event record (header.commit and header.sequence are ignored) into the ring of header.cpu of the builder with that handle, as the
   * kernel would while another thread reads. Throws CaptureError.
   */
  injectEvent(capture: number, record: Uint8Array): void;
  /** The same with a process image; the annex may be left out of the record. */
  injectImage(capture: number, record: Uint8Array): void;
  /** The line of a verifier's log that says why it refuses the program; '' if the log has no such line. */
  verdictOf(log: string): string;
  /** The functions of captured calls in this kernel, each with the numbers of the calls that it serves (65535: none); undefined without BTF. */
  callFunctions(): { found: { name: string; native: number; compat: number }[]; hidden: string[] } | undefined;
  /** The container a cgroup path names. */
  containerIdOf(cgroup: string): { type: string; fullId: string; id: string } | undefined;
  /** The path of the outermost container that a cgroup path names; '' without. */
  outermostContainerOf(cgroup: string): string;
  /**
   * The clauses that the kernel's programs find to be met, by tables of enforcement and facts (native/test/enforcement_decision.h); bits 63 and 62: the
   * executable is one of those that are never acted on, or a runtime's.
   */
  enforcedClauses(tables: Uint8Array, facts: EnforcedFacts): bigint;
  /** What programs that enforce would know of cgroups (native/test/enforced_places.h). Makes a map of the kernel: for live tests. */
  enforcedPlaces(
    room: number,
    steps: readonly (readonly [string, ...(string | number)[]])[],
  ): { places: Record<number, [where: number, permitted: number]>; known: boolean[]; lacks: boolean };
  /** Takes all the room that this process's capture has for cgroups; returns how many were put in. */
  fillPlaces(): number;
  emptyPlaces(): void;
  /** Whether a task is never acted on, by its flags and the number of its process. */
  isOfMachine(flags: number, process: number): boolean;
  /** The window of a limit after one more was done in that second of the boot; 0: none is left. */
  nextWindow(window: bigint, count: number, seconds: number, now: number): bigint;
  /** Whether `path` is its own absolute lexical path, and that path; directory '' = not known. */
  lexicalPath(directory: Uint8Array, path: Uint8Array): { clean: boolean; path: Uint8Array };
  /** Names by number from the passwd and group files below a directory that is not trusted. */
  namesBelow(root: string): { users: Record<string, string>; groups: Record<string, string> } | undefined;
  /** The number in that file of a trace event, or the name of the error. */
  traceEventNumber(path: string): number | string;
  /** The name that each look has found ('' for none), what is kept after the last step, and how often files were not read. */
  lookUpNames(
    steps: readonly NameStep[],
    limits: NameLimits,
  ): { names: string[]; bytes: number; roots: number; unread: number };
  /** What a share of one part in `parts` of all time, saved up to `most`, has left at each such step. */
  timeLeft(parts: number, most: number, steps: readonly (readonly ['left' | 'spend', number])[]): number[];
  /** Users by number from the text of a passwd file. */
  usersOf(passwd: string): Record<string, { name: string; home?: string; shell?: string }>;
}

export const TEST_ADDON = `${BUILD}native/wasprey-test.node`;

// Test files run at the same time.
execFileSync('flock', [`${BUILD}native/wasprey-test.lock`, 'make', '-s', '-C', `${PROJECT}native`, 'test-addon'], {
  env: { ...process.env, MAKEFLAGS: '' },
  stdio: ['ignore', 'ignore', 'inherit'],
});

export const testAddon = createRequire(import.meta.url)(TEST_ADDON) as TestAddon;
