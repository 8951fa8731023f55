// Enforcement that outlives a capture, until another one takes it over.

/** Where it is kept. */
export interface EnforcementPins {
  /** A folder on a BPF file system, which need not exist. */
  readonly folder: string;
  /** Digest of the labels and namespaces that are never acted on. What another capture has stored about containers is valid with the same digest. */
  readonly never: bigint;
}

/** What was enforced while no agent read events. */
export interface UnattendedEnforcement {
  /** How often each outcome came, by ENFORCED. */
  readonly outcomes: readonly number[];
  /** Since when: the last sign of a capture before. */
  readonly agoMs: number;
}
