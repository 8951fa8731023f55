// What enforcement in the kernel did to the call of an event, and by which clause: the member `reserved` of its header, which keeps the name
// that it had in earlier versions. 0: no rule that the kernel enforces was found to match.

export const ENFORCED = {
  /** The process was killed before the call could have an effect. */
  STOPPED: 1,
  /** The process was killed; the call has had its effect, or another thread may have used its result. */
  KILLED: 2,
  /** The call was refused; the process lives. */
  REFUSED: 3,
  /** The call was refused, and the process killed. */
  REFUSED_AND_KILLED: 4,
  /** `mode: observe`: one of these would have been done. */
  OBSERVED: 5,
  /** Nothing was done, because the process is never acted on. */
  PROTECTED: 6,
  /** Because it runs on the host, and `hosts` is off. */
  HOST: 7,
  /** Because of the limits. */
  LIMITED: 8,
  /** Because something was not known: the name, the process, the cgroup, or whether the container may be acted on. */
  UNDECIDED: 9,
  /** Because the kernel refused the signal. */
  FAILED: 10,
} as const;

/** Of these, what was done to a process or its call. */
export const ENFORCED_ACTS: ReadonlySet<number> = new Set([
  ...[ENFORCED.STOPPED, ENFORCED.KILLED, ENFORCED.REFUSED, ENFORCED.REFUSED_AND_KILLED],
]);

/** What `reserved` of an event says; the bits are those of ENFORCED_OUTCOME and so on in native/bpf/enforce_tables.h. */
export interface EnforcedParts {
  /** Of ENFORCED, or 0. */
  readonly outcome: number;
  /** Number of a clause that was met. */
  readonly clause: number;
  /** Number of the tables that have it, of ENFORCED_SERIALS. */
  readonly serial: number;
}

export const ENFORCED_SERIALS = 64;

export function enforcedParts(reserved: number): EnforcedParts {
  return { outcome: reserved & 15, clause: (reserved >> 4) & 63, serial: (reserved >> 10) & 63 };
}
