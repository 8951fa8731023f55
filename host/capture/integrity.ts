// What a check of the capture reports: whether it is as it was made, and whether its events were read in time.

/**
 * What a check of the capture finds that somebody else has changed, and what `name` and `number` are in each:
 *
 * - `link`: a hook is detached, its descriptor closed or replaced; name: the hook
 * - `map`: the same of a map's descriptor; name: the map
 * - `program`: a place in a table of programs holds another one, or none; name: the program
 * - `filter`: another map is the kernel filter, or none is
 * - `filter-tables`: the tables of the kernel filter were written to
 * - `filter-processes`: what processes can match was written to; number: of how many
 * - `wanted`: which types of events are wanted was written to
 * - `finished`: the kernel was told that no more events are wanted
 * - `clock`: the time of events was moved; number: ms
 * - `position`: where the reader is in a ring was moved; number: how often
 * - `image-numbers`: numbers of process images were set back, so that they come again
 * - `counters`: counters of events were set back; name: CPU
 * - `ring-stuck`: what is in a ring can't be read since seconds; name: CPU
 * - `calls-unseen`: calls that were made to see whether they come were neither evaluated nor filtered nor dropped; name: type
 * - `traced`: another process traces this one; number: its process id
 */
export const INTEGRITY_FINDINGS = [
  'link',
  'map',
  'program',
  'filter',
  'filter-tables',
  'filter-processes',
  'wanted',
  'finished',
  'clock',
  'position',
  'image-numbers',
  'counters',
  'ring-stuck',
  'calls-unseen',
  'traced',
] as const;

export interface IntegrityFinding {
  readonly what: (typeof INTEGRITY_FINDINGS)[number];
  readonly name: string;
  readonly number: number;
  /** It was put back as it was. */
  readonly repaired: boolean;
}

/** A time in which the thread that reads events did not come to poll(); not of one in which the machine slept. */
export interface PollGap {
  /** ms of CLOCK_MONOTONIC, as process.hrtime() has it. */
  readonly endMs: number;
  readonly lengthMs: number;
  /** Of that, and of what was before it since the last check: time that the thread ran, and waited for a CPU. */
  readonly ranMs: number;
  readonly waitedMs: number;
  /** How often it waited for memory to be read from a disk. */
  readonly faults: number;
  /** Whether the kernel tells waitedMs. */
  readonly accounted: boolean;
}

export interface CaptureIntegrity {
  readonly findings: readonly IntegrityFinding[];
  /** Since the last check. */
  readonly gaps: readonly PollGap[];
  /** Events dropped so far. */
  readonly dropped: number;
}
