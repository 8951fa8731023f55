// What a replay reads: a recording, or a file of another kind whose events become records.

import type { RecordingEnd, RecordingFacts } from './format.ts';
import type { Payload } from './payload.ts';

export interface Damage {
  /** Offset of the damage in the file. */
  readonly at: number;
  readonly reason: string;
  /** Offset at which reading continues; undefined: it does not. */
  readonly resumed: number | undefined;
  /** Lost events, if later blocks show the number. */
  readonly eventsLost: number | undefined;
  /** The file ends before a block, or within it: it is being written, or its writer was killed. All before it is whole. */
  readonly isCutOff?: true;
}

export interface RecordingSource {
  readonly facts: RecordingFacts;
  /** Damage found so far. */
  readonly damage: readonly Damage[];
  /** The contents of the last block; undefined before it was read, or if it is missing. */
  readonly end: RecordingEnd | undefined;
  /** Events so far. */
  readonly events: number;
  /** Events so far of types that this version does not have. */
  readonly leftOut: number;
  /** The valid blocks, in order, each completely checked. */
  payloads(): Generator<Payload>;
}
