// A block of the journal, on its way from the worker to the host.

import type { JournalExtent } from '../../capture/journal-selection.ts';

/** Blocks from one that begins a segment up to the next such are read without any other. */
export interface JournalBlock {
  readonly payload: Uint8Array<ArrayBuffer>;
  readonly extent: JournalExtent;
  readonly begins: boolean;
  /** Events that were left out since the block before. */
  readonly leftOut: number;
}

/** Takes what a tap has kept. */
export interface JournalSink {
  block(block: JournalBlock): void;
  /** Called at the end with the number of events that were left out since the last block. */
  leftOut(events: number): void;
}
