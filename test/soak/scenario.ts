// What a scenario of the soak is, and what it reports as it goes.

/** A load or a fault, and what must hold under it. */
export interface Scenario {
  readonly name: string;
  readonly summary: string;
  /** Most that it may take; it has failed if it takes longer. */
  readonly seconds: number;
  /** Reports to the session. Throws SoakError when it can't be done here, which is a failure as well. */
  run(session: Session): Promise<void>;
}

export interface Session {
  /** A look whether everything works: small numbers, whose figures say little. */
  readonly quick: boolean;
  /** A folder of its own, deleted at the end. */
  readonly folder: string;
  /** A figure; the value with its unit. */
  figure(what: string, value: string): void;
  /** What must hold, whether it did, and what was found. */
  must(what: string, held: boolean, found: string): void;
  /** A line on what is being done, for who waits. */
  progress(text: string): void;
  /** Called at the end, also when time is over: the last first. */
  atEnd(undo: () => unknown): void;
}

/** Why a scenario can't be done here. What the agent does wrong is no reason. */
export class SoakError extends Error {
  override readonly name = 'SoakError';
}

export interface Figure {
  readonly what: string;
  readonly value: string;
}

export interface Check {
  readonly what: string;
  readonly held: boolean;
  readonly found: string;
}

export interface Outcome {
  readonly figures: readonly Figure[];
  readonly checks: readonly Check[];
  readonly seconds: number;
}
