// The addon's interface, as TypeScript sees it. native/src implements it; everything that crosses is a number,
// a string or a typed array, and nothing crosses per event.

/** How large the regions are. Bytes, each rounded up to pages; ringBudget is shared by all CPUs. */
export interface CaptureSizes {
  readonly ringBudget: number;
  readonly imageBudget: number;
  readonly containerBudget: number;
  /** Tests only: pretend there are this many CPUs. */
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
  /** docker, containerd, cri-o, podman, runc, ... as the cgroup path tells; '' when it does not. */
  readonly type: string;
  readonly cgroup: string;
  /** A process in it, root pid namespace; it may be gone. */
  readonly pid: number;
}

/** Totals since the start. Per type arrays are indexed by event type number. */
export interface CaptureCounters {
  /** Events that reached a ring or were dropped, per CPU. */
  readonly produced: readonly number[];
  readonly evaluated: readonly number[];
  readonly dropped: readonly number[];
  readonly filtered: readonly number[];
  readonly images: number;
  readonly imagesLost: number;
  readonly imagesEvicted: number;
  readonly unknownImages: number;
  readonly containers: number;
  /** Highest fill of a ring seen, 0 to 1. */
  readonly ringHighWater: number;
}

export interface Capture {
  /** Loads what is needed, fills the image table from the running processes and attaches. Throws CaptureError. */
  start(eventTypes: readonly string[]): void;
  /** Changes the set of attached syscalls while running. */
  attach(eventTypes: readonly string[]): void;
  /**
   * Waits up to timeoutMs for events, completes them, and writes pairs of addresses [from, to) to evaluate.
   * Returns the number of pairs. Call release() when they are evaluated, before the next poll().
   */
  poll(segments: Uint32Array, timeoutMs: number): number;
  /** Gives the polled records' room back to the kernel and frees the images that nothing refers to any more. */
  release(): void;
  /** Addresses of images that came since the last call and have no candidates yet; returns how many were written. */
  takeImages(addresses: Uint32Array): number;
  setCandidates(address: number, words: BigUint64Array): void;
  takeContainers(): ContainerNotice[];
  /** Replaces a container's entry (a `struct container` with its strings). Returns its address. */
  setContainer(id: string, entry: Uint8Array): number;
  counters(): CaptureCounters;
  /** Builder source only: puts a process image or an event record (header.commit is ignored) where the kernel would. */
  inject(record: Uint8Array): void;
  injectImage(record: Uint8Array): void;
  /** Makes a poll() under way on another thread return at once. */
  wake(): void;
  close(): void;
}

export interface CaptureOptions {
  /** Of the shared WebAssembly.Memory, as `new Uint8Array(memory.buffer)`. */
  readonly memory: Uint8Array;
  readonly plan: CapturePlan;
  /** `builder` has no BPF: records come by inject(). Needs no privilege. */
  readonly source: 'bpf' | 'builder';
  /** Path of the BPF object file. */
  readonly object?: string;
}

export interface NativeAddon {
  plan(sizes: CaptureSizes): CapturePlan;
  readonly Capture: new (options: CaptureOptions) => Capture;
}
