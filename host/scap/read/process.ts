// A process as a savefile has it, and the threads that it has.

import { NOTHING } from '../format/calls.ts';
import type { Descriptor } from './descriptor.ts';
import type { Descriptors } from './descriptors.ts';

/** What rules can read of it. Replaced, not changed, whenever an event changes the process. */
export interface ProcessFacts {
  readonly comm: Uint8Array;
  /** argv[0]. */
  readonly exe: Uint8Array;
  readonly exepath: Uint8Array;
  /** argv[1] and further, each with a NUL. */
  readonly args: Uint8Array;
  readonly environment: Uint8Array;
  readonly cwd: Uint8Array;
  readonly root: Uint8Array;
  /** Control groups as in the file: `subsystem=path`, each with a NUL. */
  readonly cgroups: Uint8Array;
  readonly uid: number;
  readonly gid: number;
  readonly loginUid: number;
  readonly tty: number;
  readonly sid: number;
  readonly pgid: number;
  readonly vpgid: number;
  readonly vpid: number;
  readonly fdLimit: bigint;
  readonly capabilities: Capabilities;
  /** IMAGE_FLAGS of the executable. */
  readonly flags: number;
  readonly exeInode: bigint;
  readonly exeCtime: bigint;
  readonly exeMtime: bigint;
  readonly pidnsStart: bigint;
  readonly startTime: bigint;
  readonly memory: { readonly size: number; readonly rss: number; readonly swap: number };
  readonly faults: { readonly major: bigint; readonly minor: bigint };
  /** The network socket that was standard input or output when the program was run. */
  readonly stream: Descriptor | undefined;
}

export interface Capabilities {
  readonly inheritable: bigint;
  readonly permitted: bigint;
  readonly effective: bigint;
}

/** What Falco has for the name of a process that it does not know. */
const NO_NAME = new TextEncoder().encode('<NA>');
export const NO_ID = 0xffffffff;
const ROOT = new TextEncoder().encode('/');

/** A process that is only known from its events in a file. */
export const UNKNOWN_FACTS: ProcessFacts = {
  comm: NO_NAME,
  exe: NO_NAME,
  exepath: NO_NAME,
  args: NOTHING,
  environment: NOTHING,
  cwd: NOTHING,
  root: ROOT,
  cgroups: NOTHING,
  uid: NO_ID,
  gid: NO_ID,
  loginUid: NO_ID,
  tty: 0,
  sid: 0,
  pgid: 0,
  vpgid: 0,
  vpid: 0,
  fdLimit: 0n,
  capabilities: { inheritable: 0n, permitted: 0n, effective: 0n },
  flags: 0,
  exeInode: 0n,
  exeCtime: 0n,
  exeMtime: 0n,
  pidnsStart: 0n,
  startTime: 0n,
  memory: { size: 0, rss: 0, swap: 0 },
  faults: { major: 0n, minor: 0n },
  stream: undefined,
};

/** Threads of a savefile at a time. libs keeps half as many. */
export const MOST_THREADS = 1 << 18;

export class Process {
  readonly pid: number;
  readonly descriptors: Descriptors;
  readonly threads = new Set<number>();
  readonly children = new Set<Process>();
  #facts: ProcessFacts;
  #parent: Process | undefined;
  /** Parent's pid; of one that the file does not have, too. */
  ppid: number;

  // Facts about its image in the capture (images.ts).
  /** 0: it has none yet. */
  image = 0n;
  /** The facts that this image has. */
  imaged: ProcessFacts | undefined;
  /** The program of the parent, when the image was linked to it. */
  linked: object | undefined;
  /** Replaced with each program that it runs, and with each one of its ancestors'. */
  lineage: object = {};

  constructor(pid: number, ppid: number, facts: ProcessFacts, descriptors: Descriptors) {
    this.pid = pid;
    this.ppid = ppid;
    this.descriptors = descriptors;
    this.#facts = facts;
  }

  get facts(): ProcessFacts {
    return this.#facts;
  }

  change(changes: Partial<ProcessFacts>): void {
    this.#facts = { ...this.#facts, ...changes };
  }

  get parent(): Process | undefined {
    return this.#parent;
  }

  set parent(parent: Process | undefined) {
    this.#parent?.children.delete(this);
    this.#parent = parent;
    parent?.children.add(this);
    if (parent) this.ppid = parent.pid;
  }
}
