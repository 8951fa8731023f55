// Who takes what the engine finds.

import type { ContainerNotice } from '../../capture/native.ts';
import type { RecordedBlock } from '../../recording/recorder.ts';
import type { ReplayReport } from '../../recording/replay.ts';
import type { JournalUse } from '../../schema/journal.ts';
import type { StartedSession } from '../../sessions/exec-entry.ts';
import type { EngineError } from '../messages/engine-error.ts';
import type { JournalBlock } from '../messages/journal-block.ts';
import type { Match } from '../messages/match.ts';
import type {
  Enforcing,
  EngineCounters,
  IntegrityReport,
  SetAside,
  UnmatchedEnforcement,
} from '../messages/protocol.ts';

export interface EngineListener {
  /** Called with matches in the order of evaluation. When it returns, or its promise resolves, the worker may send as many further ones. */
  onMatches(matches: readonly Match[]): void | Promise<void>;
  onContainers(notices: readonly ContainerNotice[]): void;
  /** Called with exec sessions, before the matches that name them. */
  onSessions?(sessions: readonly StartedSession[]): void;
  /** Called with the next block of a recording. When it returns, the worker may send another. */
  onBlock?(block: RecordedBlock): void;
  /** Called with the next block of what is captured. */
  onCaptured?(block: JournalBlock): void;
  /** Event types that no rule wants can't be captured. */
  onCapturesFailed?(error: EngineError): void;
  /** Called with the next block of the journal. When it returns, or its promise resolves, the worker may send another. */
  onJournal?(block: JournalBlock): void | Promise<void>;
  /** Called at the end of the journal, or of what is captured, with the number of events that were left out since the last block. */
  onLeftOut?(use: JournalUse, events: number): void;
  /** Called with the metadata of a container in a replayed recording. */
  onContainer?(id: string, entry: Uint8Array): void;
  /** Called now and then during a replay. @param share of the file that was read, 0 to 1 */
  onProgress?(share: number, events: number): void;
  /** Called at the end of a recording, after all its matches. */
  onReplayed?(report: ReplayReport): void;
  /** A module is not evaluated. For a new rule set it may come before onReplaced. */
  onSetAside(absence: SetAside): void;
  /** It is evaluated again. */
  onTakenBack(generation: number, module: string): void;
  /** Called when no more matches of earlier rule sets will come. */
  onReplaced?(generation: number): void;
  /** The kernel enforces other rules than before, or none. */
  onEnforcing?(enforcing: Enforcing): void;
  /** Called with what the kernel has done by rules that did not match. */
  onEnforcedUnmatched?(unmatched: readonly UnmatchedEnforcement[]): void;
  onCounters(counters: EngineCounters): void;
  /** Called every second, if requested. */
  onIntegrity?(report: IntegrityReport): void;
  /** The worker has failed; nothing is watched any more. */
  onError(error: EngineError): void;
}
