// Limits and protected processes, for all rules that the kernel enforces.

import { NEVER_TESTS } from '../schema/tables/enforcement-tables.ts';
import type { TextTest } from './enforcement-states.ts';

/** How the path of an executable in memory begins (read_executable() in native/bpf/enforce/enforce_names.h). */
const MEMFD = 'memfd:';

/** At most so many actions within that time. The kernel counts in seconds, and no further than 65,535. */
export interface EnforcementLimit {
  readonly count: number;
  readonly milliseconds: number;
}

/** Limits and protected processes, for all rules: see ResponseSettings. */
export interface EnforcementRails {
  /** Everything but the act itself. */
  readonly observes: boolean;
  /** Processes of the host may be acted on. */
  readonly hosts: boolean;
  /** A container may be acted on only after Capture.permitEnforcement(). */
  readonly needsPermit: boolean;
  /** Never acted on: paths of executables, or names of files where there is no slash. */
  readonly executables: readonly string[];
  /** Names of files of programs that run containers, or beginnings of names of files in memory: never acted on where they can. */
  readonly runtimes: readonly string[];
  /** Why the kernel runs no programs of BPF LSM; undefined: it does. */
  readonly lackOfLsm: string | undefined;
  /**
   * Tests only: a process, in the root pid namespace, that is never acted on with all that it has started. Default: this one, and what is in its
   * container.
   */
  readonly agentPid?: number;
  readonly perNode: EnforcementLimit;
  readonly perContainer: EnforcementLimit;
}

/** Tests of the acting process that find protected ones. */
export function neverTests({ executables, runtimes }: EnforcementRails): TextTest[] {
  const texts = executables.map((executable) => Buffer.from(executable, 'utf8').toString('latin1'));
  const paths = texts.filter((text) => text.includes('/'));
  const files = texts.filter((text) => !text.includes('/'));
  const none = { beginnings: [], endings: [], bit: NEVER_TESTS.PROTECTED };
  const inMemory = runtimes.filter((name) => name.startsWith(MEMFD));
  return [
    { of: 'running', equal: paths, ...none },
    { of: 'running-file', equal: files, ...none },
    { of: 'running', equal: [], beginnings: inMemory, endings: [], bit: NEVER_TESTS.RUNTIME },
    { of: 'running-file', equal: runtimes, beginnings: [], endings: [], bit: NEVER_TESTS.RUNTIME },
  ];
}
