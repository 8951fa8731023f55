// A capture of the addon, as TypeScript sees it; native/src implements it. Events stay in memory that both sides see: no call is made per event,
// except for those that BPF LSM has refused (supposeRefused()).

import type { CaptureCounters } from './capture-counters.ts';
import type { MissingEnforcer } from './enforcement-means.ts';
import type { EnforcementPins, UnattendedEnforcement } from './enforcement-pins.ts';
import type { FilterTables } from './filter-tables.ts';
import type { CaptureIntegrity } from './integrity.ts';
import type { JournalExtent } from './journal-selection.ts';
import type { MissingHook } from './missing-hooks.ts';

/** How large the regions are. Bytes, each rounded up to pages; ringBudget is shared by all CPUs. */
export interface CaptureSizes {
  /** Default: 16 MB, or what the CPUs need at least, if that is more. */
  readonly ringBudget?: number;
  readonly imageBudget: number;
  readonly containerBudget: number;
  /** Events that are held back until their container is known. Default: 8 MB. */
  readonly holdBudget?: number;
  /** Default: as many as the machine has. A replay has one, tests have any number. */
  readonly cpus?: number;
}

/** Where each region lies in the sandbox's memory. All in bytes. */
export interface CapturePlan {
  readonly cpus: number;
  /** A power of two: what one CPU's ring holds. */
  readonly ringSize: number;
  /** Distance between the rings of two CPUs: ringSize and the slack of the longest record. */
  readonly ringStride: number;
  readonly ringsAddress: number;
  readonly imagesAddress: number;
  readonly containersAddress: number;
  readonly holdAddress: number;
  readonly scratchAddress: number;
  /** Size the WebAssembly.Memory must have (a multiple of 65536). */
  readonly memoryBytes: number;
}

/** What could not be done, for the person at the terminal. The addon throws Error with these as properties. */
export interface CaptureError extends Error {
  /** Stable, e.g. CAPTURE_LOAD. */
  readonly code: string;
  /** The kernel's word: errno name and, where there is one, the end of the verifier's log. */
  readonly detail?: string;
}

export interface ContainerNotice {
  readonly address: number;
  readonly id: string;
  readonly fullId: string;
  /** docker, containerd, cri-o, podman, runc, ... by the cgroup path; '' when it does not. */
  readonly type: string;
  readonly cgroup: string;
  /** A process in it, root pid namespace; it may be gone. */
  readonly pid: number;
}

/** The container that has to give way, by its full id, and whether there are too many events or too little memory. */
export interface HoldFull {
  readonly id: string;
  readonly reason: 'too-many-events' | 'no-memory';
}

/** A BLOCK_PROGRESS (host/schema/block-progress.ts). */
export type BlockProgress = BigUint64Array<ArrayBuffer>;

/** How many images are taken or listed at a time, where nothing else limits it. */
export const IMAGES_AT_ONCE = 4096;

export interface Capture {
  /**
   * Loads what start() needs for these event types, ahead of it; what it needs beyond them it loads itself. Before start(). Throws CaptureError:
   * then close() is all that may be called.
   */
  load(eventTypes: readonly string[]): void;
  /**
   * Loads what is needed, fills the image table from the running processes and attaches. Events that the filter does not let
   * through are counted, and nothing else; it filters by events alone until setCandidates() has given it the processes. A hook that this kernel lacks or refuses is left out if the rest can be relied on without
   * it: see missing(). Throws CaptureError.
   */
  start(eventTypes: readonly string[], filter?: FilterTables): void;
  /**
   * To replace rules without a pause, candidates of the next ones are set in another bank than those in use. This makes their
   * filter, which learns of processes by setCandidates() in that bank from now on, and filters nothing yet; undefined: none.
   */
  prepareFilter(bank: number, filter: FilterTables | undefined): void;
  /**
   * Changes the types of events that come, and puts the filter of a bank to use, or with none takes the filter away, on another thread, because the
   * kernel may have to load programs. Until isChanged(), nothing else of this may be called.
   */
  beginChange(eventTypes: readonly string[], filterBank?: number): void;
  /**
   * Loads the programs of these types on another thread, so that a change to them loads none: nothing else changes. Until isChanged(), as
   * after beginChange().
   */
  beginLoading(eventTypes: readonly string[]): void;
  /** Whether what beginChange() or beginLoading() has begun is done. Throws CaptureError if it failed, once. */
  isChanged(): boolean;
  /**
   * Makes the tables of rules that the kernel enforces (enforcement-tables.ts), for the candidates of a bank, which are taken up as they are set
   * from now on; nothing is enforced by them yet. After start(). Throws CaptureError.
   * @param pins what is enforced outlives the capture; what another one has left there is taken over by enforce(). Default: it ends with the capture
   */
  prepareEnforcement(bank: number, tables: Uint8Array, rules: BigUint64Array, pins?: EnforcementPins): void;
  /**
   * Enforces the rules of a bank in place of those before, at once; undefined: none. Loads and attaches what they need, and returns what this kernel lacks
   * of that: their calls are not stopped. Not between beginChange() and isChanged(). It ends with the capture. Throws CaptureError.
   */
  enforce(bank: number | undefined): MissingEnforcer[];
  /** Whether processes of a container may be acted on, by its full id: a PERMIT (see EnforcementRails.needsPermit). */
  permitEnforcement(container: string, permit: number): void;
  /** Permits given from now on belong to new settings. Until enforce(), pinned ones belong to none: no later agent takes them over. */
  renewPermits(): void;
  /** Drops the permits given before renewPermits(). */
  forgetPermits(): void;
  /** What was enforced since another capture had it pinned, until enforce() took it over; undefined: it has taken over nothing. */
  unattendedEnforcement(): UnattendedEnforcement | undefined;
  /**
   * Waits up to timeoutMs for events, completes them, and writes pairs of addresses [from, to) to evaluate.
   * Returns the number of pairs: 0 after the time. A batch is bounded (about 512 KB of records): what is
   * left comes with the next call at once. Call release() when they are evaluated; the next poll() does so otherwise.
   */
  poll(segments: Uint32Array, timeoutMs: number): number;
  /** Whether the kernel has decided about any call of the batch that poll() gave by the rules that it enforces. */
  hasEnforced(): boolean;
  /**
   * The address of a copy of a record of the batch that poll() gave, as of a call that succeeded and that BPF LSM did not refuse. 0 if it can't be
   * made (no room, or the program of an exec is unknown); undefined if the batch does not have the record. The copy lasts as long as the batch.
   * An exec's copy has a process of its own, which gets candidates like any image, until the next such call.
   */
  supposeRefused(event: number): number | undefined;
  /**
   * The kernel makes no further event from now on; what was made is still given by poll(), and at the end of that the
   * counters add up. An event that a CPU was just about to commit may come a moment later.
   */
  finish(): void;
  /** Gives the polled records' room back to the kernel and frees the images that nothing refers to any more. */
  release(): void;
  /** Addresses of images that came since the last call and have no candidates yet; returns how many were written. */
  takeImages(addresses: Uint32Array): number;
  /**
   * `on-demand`: from now on takeImages() leaves out images that no polled event names, as long as most of the memory for images is free. Such an
   * image that is an ancestor of one with events has no candidates either: see ModuleSet.describe(). Images of captureScopes() are not left out.
   * `all`, as at first: from now on it gives all that come, and those that were left out when an event names them.
   * @param bank with `on-demand`, the one whose candidates are in use: 0 or 1; default 0. When it changes, all images there are must have them
   */
  announceImages(which: 'all' | 'on-demand', bank?: number): void;
  /**
   * Addresses of all images there are, in portions: those with the numbers from `first` on, 0 for one that there is not. Returns
   * how many numbers that were; 0 at the end. One that comes meanwhile is given by takeImages().
   */
  listImages(first: number, addresses: Uint32Array): number;
  /** @param words candidate words first (a missing word is all ones), then ancestry words (a missing word is 0) @param bank 0 or 1; default 0 */
  setCandidates(address: number, words: BigUint64Array, bank?: number): void;
  takeContainers(): ContainerNotice[];
  /** Replaces a container's entry (a `struct container` with its strings). Returns its address. */
  setContainer(id: string, entry: Uint8Array): number;
  /** Replaces the table of names (host/schema/names.ts), between batches. */
  setNames(table: Uint8Array): void;
  /** Events of that container (its id, short or full) are held back from now on, until endWait(). False when there is none. */
  awaitContainer(id: string): boolean;
  /**
   * Copies the events of awaited containers in the batch that poll() gave, at most so many in all, and flags their records
   * HELD. Returns undefined when all are held; else what there is not enough of, and the container that holds most: when the
   * wait for that has ended and its events are released, the next call goes on. Costs nothing while none is awaited.
   */
  hold(mostEvents: number): HoldFull | undefined;
  /** Ends the wait for a container. Returns how many of its events are held: takeHeld() gives them next. */
  endWait(id: string): number;
  /**
   * Writes pairs of addresses [from, to) of held events whose wait has ended, oldest first, to be evaluated before
   * releaseHeld(). Returns the number of pairs, 0 when there are no more.
   */
  takeHeld(segments: Uint32Array): number;
  /** Gives back the room of what takeHeld() gave, and frees the images that nothing refers to any more. */
  releaseHeld(): void;
  counters(): CaptureCounters;
  /** Hooks that were left out so far, also by a start() that failed. attach() and beginChange() may add some. */
  missing(): MissingHook[];
  /** Names of the BPF programs that are loaded. */
  loadedPrograms(): string[];
  /**
   * Whether the capture is as it was made; to be called every second, on the thread that polls. Once thisThread() has reported by what
   * they are known, it makes system calls that fail and do nothing, and looks at the next check whether they were seen.
   */
  checkIntegrity(): CaptureIntegrity;
  /** Id of the calling thread in records (event_header.tid); 0 if unknown. */
  thisThread(): number;
  /** Keeps a log of process images from now on, for a recording. Before start() it has those of the running processes too. */
  logImages(): void;
  /**
   * What came to the log since the last call, in the order in which it was taken in: entries of native/src/images/image_log.h, each
   * a lifecycle record and what was found out about it here (names of user and group, container).
   */
  takeImageLog(): Uint8Array;
  /**
   * From now on the log has process images, and selectJournal() gives events, as a journal needs them; undefined: no longer.
   * @param use of JOURNAL_USE; for captures, only events of captureScopes() are selected
   * @param types by number of the event type: JOURNAL_KEEP
   * @param opens by OPEN_COMBINATIONS: 1 for those that are kept
   */
  keepJournal(use: number, types: Uint8Array | undefined, opens?: Uint8Array): void;
  /** All process images as entries of the log, each after its parent; what came to the log so far is part of it. */
  allImages(): Uint8Array;
  /**
   * Copies the events of the batch that poll() gave that are kept for that use to `into`, which is at least as long as the batch, without what only
   * has a meaning here. Returns the number of bytes.
   */
  selectJournal(use: number, into: Uint8Array): number;
  /** What was selected since the last call. */
  takeJournalExtent(use: number): JournalExtent;
  /**
   * Whose events are captured, whatever the rules want: they pass the kernel filter, where it has a clause for captures (filter-tables.ts).
   * @param containers full ids @param trees pids and sessions, each with all that descends from it
   */
  captureScopes(all: boolean, containers: readonly string[], trees: Uint32Array): void;
  /**
   * Builder source only, with one CPU: a step of a recording. `images` are log entries; `events` are records, one after the
   * other, 512 KB at most, which keep their sequence and CPU numbers; `clock` is the time (ns, CLOCK_MONOTONIC) at which it
   * was recorded, by which images and containers age; `snapshotComplete` when `images` ends those of the processes that ran
   * at the start. Throws CaptureError for what does not fit its bytes; strings are checked by the next poll().
   */
  replay(clock: bigint, images: Uint8Array, events: Uint8Array, snapshotComplete: boolean): void;
  /**
   * Replays an unpacked block of a recording that checkBlock() has accepted: takes its entries from `progress` on, until so many
   * events are in the ring that they should be polled, or the next entry is of a container, which the caller handles and steps over, or
   * the block ends. Calls that pass an empty ring on always come further. Throws CaptureError for what does not fit its bytes.
   * @param wanted by event type number: 0 for events that are counted and left out
   */
  replayBlock(block: Uint8Array, wanted: Uint8Array, progress: BlockProgress): void;
  /** What this capture is known by on other threads. */
  handle(): number;
  /** Detaches, and gives the sandbox's memory back to V8. */
  close(): void;
}

/** Hooks of system calls. `sys_exit`: the tracepoint of all calls; `fexit`: the exits of the kernel's functions of single calls. */
export type HooksKind = 'sys_exit' | 'fexit';
