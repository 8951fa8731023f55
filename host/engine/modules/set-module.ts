// A module of a rule set, bound to the memory.

import type { RuleInstance } from '../../sandbox/instantiate.ts';
import type { RunFailure } from '../../sandbox/run.ts';
import type { RulePlan } from '../match-reading/match-reader.ts';
import type { Absence } from './absence.ts';

export interface SetModule {
  readonly name: string;
  readonly instance: RuleInstance;
  readonly rules: readonly RulePlan[];
  /** Its candidate words among those of the set. */
  readonly words: BigUint64Array;
  /** Its ancestry words among those of the set, and where they are in a process image. */
  readonly ancestry: BigUint64Array;
  readonly ancestryOffset: number;
  /** Evaluation time of the measured batches, in ms. */
  sampledMs: number;
  /** Set when it has failed: it is not run. */
  failure: RunFailure | undefined;
  readonly absence: Absence;
  /** It is about to be tried again: its candidates are filled in meanwhile. */
  isReturning: boolean;
}
