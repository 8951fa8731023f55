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
  /** A program of BPF LSM has refused the call; the process lives. See ENFORCED_BY_LSM. */
  LSM_REFUSED: 11,
  /** A program of BPF LSM has refused the call, and the process was killed. */
  LSM_REFUSED_AND_KILLED: 12,
  /** The open was refused after it had made the file; the process lives. */
  LSM_REFUSED_LATE: 13,
  /** The open was refused after it had made the file, and the process was killed. */
  LSM_KILLED: 14,
} as const;

/**
 * What a program of BPF LSM has done. It makes the record itself, before anything else could report the call, and no rule on what the call would have done matches
 * its failure: the rules that it is an alert of are those of the clauses that were met, a word behind the fixed part of the record.
 */
export const ENFORCED_BY_LSM: ReadonlySet<number> = new Set([
  ...[ENFORCED.LSM_REFUSED, ENFORCED.LSM_REFUSED_AND_KILLED, ENFORCED.LSM_REFUSED_LATE, ENFORCED.LSM_KILLED],
]);

/** Outcomes that have acted on a process or its call. */
export const ENFORCED_ACTS: ReadonlySet<number> = new Set([
  ...[ENFORCED.STOPPED, ENFORCED.KILLED, ENFORCED.REFUSED, ENFORCED.REFUSED_AND_KILLED],
  ...ENFORCED_BY_LSM,
]);

/** Where `reserved` of an event has its parts, from the lowest bit on: the outcome, the clause, the serial. */
export const ENFORCED_PARTS = {
  OUTCOME_MASK: 15,
  CLAUSE_SHIFT: 4,
  CLAUSE_MASK: 63,
  SERIAL_SHIFT: 10,
  SERIAL_MASK: 63,
} as const;

/** What `reserved` of an event says. */
export interface EnforcedParts {
  /** One of ENFORCED, or 0. */
  readonly outcome: number;
  /** Number of a clause that was met. */
  readonly clause: number;
  /** Number of the tables that have it, of ENFORCED_SERIALS. */
  readonly serial: number;
}

export const ENFORCED_SERIALS = ENFORCED_PARTS.SERIAL_MASK + 1;

export function enforcedParts(reserved: number): EnforcedParts {
  const { OUTCOME_MASK, CLAUSE_SHIFT, CLAUSE_MASK, SERIAL_SHIFT, SERIAL_MASK } = ENFORCED_PARTS;
  return {
    outcome: reserved & OUTCOME_MASK,
    clause: (reserved >> CLAUSE_SHIFT) & CLAUSE_MASK,
    serial: (reserved >> SERIAL_SHIFT) & SERIAL_MASK,
  };
}
