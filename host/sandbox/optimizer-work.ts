// What V8's optimizer may be given: the bounds of a module's code, in what its functions cost (optimizer-cost.ts).

import {
  OPTIMIZED_BYTES,
  OPTIMIZED_FORKS,
  OPTIMIZED_FUNCTION_BYTES,
  OPTIMIZED_MEETINGS,
  OPTIMIZED_MOVES,
} from './limits.ts';

/** How much more the code of a small loop costs, as measured, in memory, beside the same programs without unrolling. */
export const LOOP_COPIES = 6;

/** What a function costs, or a module: its functions' costs together. */
export interface OptimizerWork {
  /** Meetings behind the conditions of the forks. */
  readonly meetings: number;
  /** Square of the number of forks. */
  readonly forks: number;
  /** Values that paths bring to meetings where they differ, and that calls take and leave; those in loops LOOP_COPIES times. */
  readonly moves: number;
  /** Bytes of code, those in loops LOOP_COPIES times. */
  readonly bytes: number;
}

/** Whether V8's optimizer may have a module of these functions. */
export function isOptimizable(functions: readonly OptimizerWork[]): boolean {
  const sum = (cost: (work: OptimizerWork) => number): number =>
    functions.reduce((total, work) => total + cost(work), 0);
  return (
    functions.every(({ bytes }) => bytes <= OPTIMIZED_FUNCTION_BYTES) &&
    sum(({ bytes }) => bytes) <= OPTIMIZED_BYTES &&
    sum(({ meetings }) => meetings) <= OPTIMIZED_MEETINGS &&
    sum(({ moves }) => moves) <= OPTIMIZED_MOVES &&
    sum(({ forks }) => forks) <= OPTIMIZED_FORKS
  );
}
