// What a benchmark finds, and what it is.

/** `+%` and `+ns` are differences to the same without the agent; `power` is that with which a cost grows with its cause. */
export type Unit =
  | 'ns'
  | '+ns'
  | '+%'
  | 'ms'
  | 'MB'
  | 'B'
  | 'k/s'
  | 'of 100'
  | 'of 1000'
  | '%'
  | 'power'
  | 'instructions';

export interface Figure {
  readonly what: string;
  readonly unit: Unit;
  /** One for each repetition; the median is what is shown. None: it can't be measured here, and the note says why. */
  readonly samples: readonly number[];
  /** Which way is good; by default the less the better. */
  readonly better?: 'less' | 'more';
  /** What the project aims at. Of a difference, 0 is reached where samples lie on both sides of it: it can't be told from none. */
  readonly aim?: number;
  /** What Falco was measured at before, on a machine of the same kind (falco-figures.ts); of a range, both ends. */
  readonly falco?: number | readonly [number, number];
  /** What Falco was measured at in the same run, where the environment has it (falco.ts). */
  readonly falcoHere?: readonly number[];
  /** What else is known of it, such as the numbers that it comes from. */
  readonly note?: string;
}

export interface Falco {
  /** With its version, as the table calls it. */
  readonly name: string;
  readonly command: readonly string[];
}

export interface Session {
  /** A rough look: fewer and shorter runs. */
  readonly quick: boolean;
  /** Options of `wasprey run`, for agents. */
  readonly run: readonly string[];
  /** Whether `overhead` is measured with the hooks fexit, too. */
  readonly fexit?: true;
  /** Measured beside it, if the environment has it. */
  readonly falco?: Falco;
  /** A line on what is being done, for who waits. */
  progress(text: string): void;
}

export interface Benchmark {
  readonly name: string;
  readonly summary: string;
  /** Its aims are bounds: a figure beyond its aim fails the run. */
  readonly areBounds?: true;
  /** What it needs and lacks here, a clause; then it is left out. False: nothing. */
  missing?(): string | false;
  /** Throws BenchError when it can't be measured here. */
  run(session: Session): Promise<Figure[]>;
}

/** Why something can't be measured. Slowness is no reason. */
export class BenchError extends Error {
  override readonly name = 'BenchError';
}
