// How far a block of a recording is replayed: the numbers that Capture.replayBlock() goes on from and leaves.

import { defineStruct } from './layout.ts';

export const BLOCK_PROGRESS = defineStruct('block_progress', 'How far a block is replayed.', [
  { name: 'position', type: 'u64', doc: 'offset of the next entry, or of the next record within an entry of events' },
  {
    name: 'events_end',
    type: 'u64',
    doc: 'where the entry of events ends that `position` lies in; 0 if it lies in none',
  },
  { name: 'clock', type: 'u64', doc: 'of the last step: recorded time' },
  { name: 'snapshot_complete', type: 'u64', doc: 'of the last step: whether images complete the snapshot' },
  { name: 'injected', type: 'u64', doc: 'events put into the ring, since the start' },
  { name: 'skipped', type: 'u64', doc: 'events of types that are not wanted, since the start' },
]);
