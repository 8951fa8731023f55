// The addon's interface besides its captures (native.ts), as TypeScript sees it.

import type { EventCounts } from './capture-counters.ts';
import type { Capture, CapturePlan, CaptureSizes, HooksKind } from './native.ts';

export interface CaptureOptions {
  /** Bytes of the shared WebAssembly.Memory, as `new Uint8Array(memory.buffer)`. */
  readonly memory: Uint8Array;
  readonly plan: CapturePlan;
  /** `builder` has no BPF: its records are of a recording, or tests write them. Needs no privilege. */
  readonly source: 'bpf' | 'builder';
  /** Path of the BPF object file. */
  readonly object?: string;
  /** The hooks of system calls that start() attaches. Default: `sys_exit`. */
  readonly hooks?: HooksKind;
  /** For a diagnosis: a program that the capture can't do without fails start() only after the others were tried. */
  readonly triesAll?: boolean;
}

/**
 * What hinders BPF LSM. `not-built`: the kernel was built without BPF LSM. `unlisted`: it was started without `bpf` among its security modules.
 * `refused`: it loads or attaches no such program, as arm64 before Linux 6.4.
 */
export type BpfLsmCause = 'not-built' | 'unlisted' | 'refused';

export interface NativeAddon {
  plan(sizes: CaptureSizes): CapturePlan;
  /** Why the kernel can't have programs on the exits of single calls, a clause; undefined: it can. Attaches one for a moment. */
  lackOfFexit(): string | undefined;
  readonly Capture: new (options: CaptureOptions) => Capture;
  /**
   * Unpacks a frame of zstd into these bytes. Returns its length; undefined if it is invalid, or longer than that. Absent where Node does
   * not export its zstd: then there is node:zlib.
   */
  unpack?(frame: Uint8Array, into: Uint8Array): number | undefined;
  /** The number of events of an unpacked block of a recording, or why it is invalid: see Capture.replayBlock(). */
  checkBlock(block: Uint8Array): number | string;
  /**
   * Writes a block of a recording to bytes of its length, arranged as it is packed best (host/recording/README.md). Returns where its events
   * begin; undefined if there are none, or the block is invalid.
   * @param types gets the bit of the type of each event
   */
  arrangeBlock(block: Uint8Array, into: Uint8Array, types: Uint8Array): number | undefined;
  /**
   * The reverse. Returns what checkBlock() says of the restored block, but -1 if that is a reason; undefined if the arranged block is invalid:
   * then what was written is, too.
   */
  restoreBlock(arranged: Uint8Array, eventsAt: number, into: Uint8Array): number | undefined;
  /** Counts of a capture's events, from any thread, after it was started; undefined when it is closed. */
  eventCounts(handle: number): EventCounts | undefined;
  /**
   * When the process of a pidfd last ran a program, as `exec_time` of its images has it: with the pid it names a program that ran. From
   * any thread, after the capture was started. Undefined: the process has ended, or the capture does not know it.
   */
  execTime(handle: number, pidfd: number): bigint | undefined;
  /** A pidfd, the caller's to close; undefined where no process has that pid. Throws CaptureError. */
  openProcess(pid: number): number | undefined;
  /** Sends a signal to the process of a pidfd. False if it has ended. Throws CaptureError. */
  signalProcess(pidfd: number, signal: number): boolean;
  /** Locks an open file until its descriptor is closed, or this process ends. False: another one has locked it. Throws CaptureError. */
  lockFile(fd: number): boolean;
  /**
   * Gives memory back to the kernel that was freed, and takes pages of program files out of the resident set until they are
   * touched again. Of the whole process; takes some 10 ms.
   */
  releaseMemory(): void;
  /**
   * Lets this thread take a signal that it was started with blocked, as Node does with SIGUSR1 by --disable-sigusr1; one that has come
   * meanwhile comes at once.
   */
  unblockSignal(signal: number): void;
  /**
   * Ends the process after a time, with that status, if it has not ended by itself: Node waits for its threads, and nothing ends one that
   * waits for a file system.
   */
  endWithin(milliseconds: number, status: number): void;
  /**
   * A descriptor that is connected to the datagram socket at a path, or with @ first at an abstract name; write(2) to it sends. It doesn't
   * block. Throws CaptureError.
   */
  connectUnixDatagram(path: string): number;
  /** The innermost container that a cgroup's path names: its type (empty: the path does not show it) and full id. Undefined on the host. */
  containerOf(cgroup: string): [type: string, fullId: string] | undefined;
  /**
   * The kernel counts and times the runs of all BPF programs of the machine until the descriptor that is returned is closed; so it
   * does where the sysctl kernel.bpf_stats_enabled is 1. Throws CaptureError: it needs CAP_SYS_ADMIN.
   */
  measurePrograms(): number;
  /**
   * Attaches the programs of that object file to a cgroup (v2): its processes reach the networks of the list, and nothing else, until the files that
   * this makes in the folder, on a BPF file system, are removed. Rejects with CaptureError; then nothing is attached. The kernel verifies the programs
   * on another thread meanwhile, which takes up to 0.2 s.
   * @param reachable entries of REACHABLE_NETWORK (host/schema/reachable.ts), REACHABLE_MOST at most
   */
  isolateCgroup(object: string, cgroup: string, folder: string, reachable: Uint8Array): Promise<void>;
  /**
   * Why the kernel runs no programs of BPF LSM, a clause; undefined: it does, as a trial has shown (one program is attached for a moment). It takes some
   * 50 ms.
   */
  lackOfBpfLsm(): [cause: BpfLsmCause, text: string] | undefined;
  /**
   * The operations of io_uring (`BIND`) that stand for calls which rules read and that this kernel does not know: no process can ask for
   * them. Undefined where the kernel can't be asked: it has no io_uring, or this process may not use it.
   */
  missingIoUringOperations(): string[] | undefined;
  /** Whether BPF programs read kernel memory directly, by bpf_rdonly_cast; else by probes. It reads the kernel's types, which takes some 20 ms. */
  hasDirectReads(): boolean;
}
