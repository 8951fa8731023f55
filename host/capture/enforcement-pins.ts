// Enforcement that outlives a capture, until another one takes it over.

/** Where pinned enforcement is kept. */
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
  /** How long ago the previous capture gave its last sign. */
  readonly agoMs: number;
}
