// Which events the addon keeps for the journal and for captures, in the numbers that host and addon exchange.

/** The uses of kept events: each has a selection of its own. */
export const JOURNAL_USE = { journal: 0, captures: 1 } as const;
export type JournalUse = keyof typeof JOURNAL_USE;

/** Which events of a type are kept. */
export const JOURNAL_KEEP = {
  nothing: 0,
  all: 1,
  /** Events of calls that succeeded; of opens, those with a combination that is kept. */
  succeeded: 2,
  /** Signals to other processes than the caller's own; not signal 0, which only asks. */
  signals: 3,
  /** Clones that made a process, not a thread. */
  processes: 4,
  /** Mappings of files in memory that were made executable, and those of which the kernel program did not find that out. */
  memory: 5,
} as const;
export type JournalKeep = keyof typeof JOURNAL_KEEP;
