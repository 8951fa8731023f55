// The messages between the agent and the thread that writes a capture: plain data.

import type { Captured } from '../notes/capture-notes.ts';
import type { CapturePlan, Segment } from './capture-writer.ts';
import type { RoomPlan } from './make-room.ts';

/** What the thread is started with. */
export interface WriterStart {
  readonly plan: CapturePlan;
  readonly room: RoomPlan;
  readonly captured: Captured;
  readonly takesState: boolean;
}

export type ToWriter =
  /** What was before the alert, once. */
  | { readonly kind: 'before'; readonly segments: readonly Segment[]; readonly missing?: string }
  /** A block of what came after it. Answered by `written`. */
  | { readonly kind: 'block'; readonly payload: Uint8Array }
  /** Another alert of the scope. */
  | { readonly kind: 'alert'; readonly captured: Captured }
  | { readonly kind: 'end'; readonly dropped: number; readonly seconds: number; readonly cuts: readonly string[] };

/** How a capture ended. */
export type Outcome =
  | { readonly kind: 'done'; readonly bytes: number; readonly events: number }
  /** In one line. What was written so far is in the file. */
  | { readonly kind: 'failed'; readonly reason: string };

export type FromWriter = Outcome | { readonly kind: 'written' };
