// Counters of a capture, since its start.

/** What the kernel has measured of a BPF program, since it was loaded. */
export interface ProgramRuns {
  readonly name: string;
  readonly runs: number;
  /** CPU time of all its runs. */
  readonly nanoseconds: number;
}

/** Totals since the start. Per type arrays are indexed by event type number. */
export interface EventCounts {
  /** Events that reached a ring, were dropped, or were filtered in the kernel, per CPU. */
  readonly produced: readonly number[];
  /** Per type, as dropped (no room in the ring) and filtered (by the kernel filter). */
  readonly evaluated: readonly number[];
  readonly dropped: readonly number[];
  readonly filtered: readonly number[];
  /** Dropped events, per CPU. */
  readonly droppedByCpu: readonly number[];
}

export interface CaptureCounters extends EventCounts {
  /** Events that were never read, because the worker has not ended in time. Their types are unknown. */
  readonly unread?: number;
  readonly images: number;
  /** Records of processes that found no room, or were invalid; images that were not made because others took too long. */
  readonly imagesLost: number;
  /** How often the kernel left out a BPF program because one was running on that CPU: calls that were not seen. */
  readonly missedRuns: number;
  readonly imagesEvicted: number;
  /** Images whose texts were cut, because a user with many processes has much of the table. */
  readonly imagesCut: number;
  /** Images without names of their user and group, because files are too large, or to read them would have taken too long. */
  readonly imagesUnnamed: number;
  /** Events whose process image was not there: the unknown image stood in. */
  readonly unknownImages: number;
  /** Files opened by a handle whose name was not found. */
  readonly unnamedFiles: number;
  /** Images in cgroups that are unknown to the programs that enforce rules: these are not acted on. */
  readonly imagesUnplaced: number;
  readonly containers: number;
  /** How often a container, or its metadata, was dropped, without room in the table or beyond a quota: its processes are in an unknown one. */
  readonly containersLost: number;
  /** Images of processes in cgroups that have the name of a container with another cgroup. */
  readonly imagesInForgedCgroups: number;
  /** Events that are held back now. */
  readonly held: number;
  /** Events that made no sense and were skipped. produced = evaluated + filtered + dropped + malformed events. */
  readonly malformed: number;
  /** Highest fill of a ring seen, 0 to 1. */
  readonly ringHighWater: number;
  /** Programs that have run while the kernel measures: see NativeAddon.measurePrograms(). */
  readonly programs: readonly ProgramRuns[];
}
