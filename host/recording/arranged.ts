// The contents of a block as they are packed best: the bodies of event entries behind all else, and times, images and sequence numbers of
// events as differences to the event before. Native code does it (native/src/block_packing.h).

import { loadAddon } from '../capture/addon.ts';

export interface ArrangedBlock {
  readonly bytes: Uint8Array;
  /** 0: it is as it was. */
  readonly eventsAt: number;
}

export function arranged(payload: Uint8Array): ArrangedBlock {
  const bytes = new Uint8Array(payload.length);
  const eventsAt = loadAddon().arrangeBlock(payload, bytes);
  return eventsAt === undefined ? { bytes: payload, eventsAt: 0 } : { bytes, eventsAt };
}

/** The block as it was; undefined if it is invalid. @param into of its length */
export function restored(bytes: Uint8Array, eventsAt: number, into?: Uint8Array): Uint8Array | undefined {
  if (eventsAt === 0) return bytes;
  const payload = into ?? new Uint8Array(bytes.length);
  return loadAddon().restoreBlock(bytes, eventsAt, payload) ? payload : undefined;
}
