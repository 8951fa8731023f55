// The result of an integrity check of the capture: changes from outside, and whether its events were read in time.

/**
 * Kinds of changes from outside, and the meaning of `name` and `number` in each:
 *
 * - `link`: a hook is detached, its descriptor closed or replaced; name: the hook
 * - `map`: the same for a map's descriptor; name: the map
 * - `program`: a table of programs has another one, or none, at a key; name: the program
 * - `filter`: the map of the kernel filter was replaced or removed
 * - `filter-tables`: the tables of the kernel filter were changed
 * - `filter-processes`: entries of processes in the kernel filter were changed; number: how many
 * - `wanted`: the set of captured event types was changed
 * - `finished`: the end of the capture was set
 * - `clock`: the clock of events was changed; number: ms
 * - `position`: the reader's position in a ring was changed; number: how often
 * - `image-numbers`: ids of process images were set back, so that they repeat
 * - `counters`: counters of events were set back; name: CPU
 * - `ring-stuck`: the contents of a ring have been unreadable for seconds; name: CPU
 * - `calls-unseen`: test calls were neither evaluated nor filtered nor dropped; name: type
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
  /** It was restored. */
  readonly repaired: boolean;
}

/** A time in which the agent, or the thread that reads events alone, did not run although it was due, except while the machine slept. */
export interface RunGap {
  /** ms of CLOCK_MONOTONIC, like process.hrtime(). */
  readonly endMs: number;
  readonly lengthMs: number;
  /** Time that it ran, and waited for a CPU, meanwhile. */
  readonly ranMs: number;
  readonly waitedMs: number;
  /** Time that the hypervisor has taken from a CPU, in the gap and in the second before it at most. */
  readonly stolenMs: number;
  /** How often it waited for memory to be read from a disk. */
  readonly faults: number;
  /** Whether the kernel reports waitedMs. */
  readonly accounted: boolean;
}

export interface CaptureIntegrity {
  readonly findings: readonly IntegrityFinding[];
  /** Since the last check. */
  readonly gaps: readonly RunGap[];
  /** Events dropped so far. */
  readonly dropped: number;
}
