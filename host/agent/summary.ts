// The numbers of an agent so far: events, alerts and losses.

import type { CapturesSummary } from '../captures/captures.ts';
import type { EngineCounters } from '../engine/messages/protocol.ts';
import type { JournalSummary } from '../journal/store.ts';
import type { DirectoryCounters } from '../metadata/directory/container-directory.ts';
import type { NameCounters } from '../metadata/name-resolver.ts';
import type { NamedCounters } from '../outputs/output-set.ts';
import type { DeskCounters } from './alerts/alert-desk.ts';
import type { EnforcementSummary } from './responses/node-enforcement.ts';
import type { ResponsesSummary } from './responses/node-responses.ts';
import type { RuleSetSummary } from './rules/rules-in-use.ts';
import type { SourceSummary } from './sources/other-source.ts';
import type { PodRequestSummary } from './sources/pod-request-source.ts';
import type { DropCounters } from './watches/drop-watch.ts';
import type { HookSummary } from './watches/hook-watch.ts';
import type { ImageSummary } from './watches/image-watch.ts';
import type { TamperSummary } from './watches/tamper-watch.ts';

export interface Summary {
  /** Undefined if the worker was terminated before it could report. */
  readonly engine: EngineCounters | undefined;
  readonly rules: RuleSetSummary;
  readonly drops: DropCounters;
  readonly images: ImageSummary;
  readonly alerts: DeskCounters;
  readonly containers: DirectoryCounters;
  readonly names: NameCounters;
  readonly outputs: readonly NamedCounters[];
  readonly tampering: TamperSummary;
  readonly hooks: HookSummary;
  /** Absent while it is off. */
  readonly journal?: JournalSummary;
  /** Absent while they are off. */
  readonly captures?: CapturesSummary;
  /** Absent while there are none. */
  readonly responses?: ResponsesSummary;
  /** Undefined: the kernel enforces nothing. */
  readonly enforcement?: EnforcementSummary;
  /** Absent: there is no source beside the capture. */
  readonly other?: SourceSummary;
  /** Absent: no receiver of audit events is configured. */
  readonly podRequests?: PodRequestSummary;
}
