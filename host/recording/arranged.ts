// The contents of a block as they are packed best: the bodies of event entries behind all else, and times, images and sequence numbers of
// events as differences to the event before. Native code does it (native/src/journal/block_packing.h).

import { loadAddon } from '../capture/addon.ts';

export interface ArrangedBlock {
  readonly bytes: Uint8Array;
  /** 0: it is as it was. */
  readonly eventsAt: number;
  /** Numbers of the types that its events have; undefined if it is as it was. */
  readonly types: readonly number[] | undefined;
}

/** Bytes of a bit for each type. */
const TYPE_BYTES = 32;

export function arranged(payload: Uint8Array): ArrangedBlock {
  const bytes = new Uint8Array(payload.length);
  const bits = new Uint8Array(TYPE_BYTES);
  const eventsAt = loadAddon().arrangeBlock(payload, bytes, bits);
  if (eventsAt === undefined) return { bytes: payload, eventsAt: 0, types: undefined };
  return { bytes, eventsAt, types: [...bits].flatMap((byte, at) => bitsOf(byte).map((bit) => 8 * at + bit)) };
}

function bitsOf(byte: number): number[] {
  return [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => ((byte >> bit) & 1) !== 0);
}

/** The block as it was; undefined if it is invalid. @param into of its length */
export function restored(bytes: Uint8Array, eventsAt: number, into?: Uint8Array): Uint8Array | undefined {
  if (eventsAt === 0) return bytes;
  const payload = into ?? new Uint8Array(bytes.length);
  return loadAddon().restoreBlock(bytes, eventsAt, payload) === undefined ? undefined : payload;
}
