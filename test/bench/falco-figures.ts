// What Falco 0.44.1 was measured at before, for tables of runs that have no Falco beside them (falco.ts): all stock rules of stable, incubating and
// sandbox, modern eBPF probe, its configuration as shipped, two CPUs (AMD EPYC, virtual), Linux 6.18.

/** What took the figures. */
export const FALCO_BEFORE = 'Falco 0.44.1';

/** Units and meaning are those of the figures that show them; of a range, both ends. */
export const FALCO = {
  // Beside Wasprey in one run of November 2026, medians of five alternating rounds: the table of the README.
  addedTo: {
    getppid: 128,
    openNear: 157,
    openDeep: 150,
    openBelowEtc: 118,
    pipe: 29,
    exec: [2, 23],
    connect: 19,
  },
  processNs: 133_000,
  connectionNs: 9_200,
  /** After the start, and after load. */
  memoryMb: { rss: [80, 67], private: [34, 21] },
  startMs: 1_600,

  // In runs of its own on the 24th of November 2026: floods, and events of the rules' workload.
  eventNs: [1_863, 2_574],
  eventsWithoutDrops: 537,
  flood: { reported: 6, dropped: 36 },
  /** Rules of rule-mix.ts, and ns an event with so many. */
  eventNsByRules: [
    [10, 560],
    [100, 2_600],
    [1_000, 38_000],
    [2_000, 88_000],
  ],
} as const;
