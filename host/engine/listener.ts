// Who takes what the engine finds.

import type { ContainerNotice } from '../capture/native.ts';
import type { RecordedBlock } from '../recording/recorder.ts';
import type { ReplayReport } from '../recording/replay.ts';
import type { EngineError } from './engine-error.ts';
import type { EngineCounters, IntegrityReport, Match } from './protocol.ts';

export interface EngineListener {
  /** In the order of evaluation. When it returns, or its promise resolves, room for as many further matches is given back. */
  onMatches(matches: readonly Match[]): void | Promise<void>;
  onContainers(notices: readonly ContainerNotice[]): void;
  /** A recording is made: its next block. When it returns, room for another is given back. */
  onBlock?(block: RecordedBlock): void;
  /** A recording is replayed, and tells of a container. */
  onContainer?(id: string, entry: Uint8Array): void;
  /** The recording has come to its end; all its matches were told before. */
  onReplayed?(report: ReplayReport): void;
  onSetAside(module: string, failure: string, reason: string): void;
  /** Matches of earlier rule sets will not come any more. */
  onReplaced?(generation: number): void;
  onCounters(counters: EngineCounters): void;
  /** Every second, where it was asked for. */
  onIntegrity?(report: IntegrityReport): void;
  /** The worker ended by itself; nothing is watched any more. */
  onError(error: EngineError): void;
}
