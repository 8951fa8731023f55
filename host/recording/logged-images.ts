// The entries of an image log (native/src/images/image_log.h), one at a time: what they say of a process and where it is.

import { IMAGE, IMAGE_FLAGS, IMAGE_KIND } from '../schema/image.ts';
import { member } from '../schema/layout.ts';
import { ENTRY_HEAD, entrySize, padded } from './image-entries.ts';

const KIND = member(IMAGE, 'kind').offset;
const ID = member(IMAGE, 'id').offset;
const PARENT = member(IMAGE, 'parent').offset;
const PREVIOUS = member(IMAGE, 'previous').offset;
const PID = member(IMAGE, 'pid').offset;
const FLAGS = member(IMAGE, 'flags').offset;
const SESSION = member(IMAGE, 'sid').offset;
/** The number of the container's id among the texts. */
const CONTAINER_TEXT = 3;

export interface LoggedImage {
  /** The entry, in the log. */
  readonly bytes: Uint8Array;
  readonly id: bigint;
  /** 0 = unknown. */
  readonly parent: bigint;
  /** The image that this one replaces in the same process; 0 for a fork and a snapshot. */
  readonly previous: bigint;
  readonly pid: number;
  readonly session: number;
  readonly isExit: boolean;
  /** Whether it is of a single thread, not of its process. */
  readonly isOfThread: boolean;
  /** Full id; `host`, or empty if unknown. */
  readonly container: string;
}

/** @param log valid, as the addon made it or as it was checked */
export function* loggedImages(log: Uint8Array): Generator<LoggedImage> {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  let size = 0;
  for (let at = 0; at < log.length; at += size) {
    size = entrySize(view, at);
    const record = at + ENTRY_HEAD;
    yield {
      bytes: log.subarray(at, at + size),
      id: view.getBigUint64(record + ID, true),
      parent: view.getBigUint64(record + PARENT, true),
      previous: view.getBigUint64(record + PREVIOUS, true),
      pid: view.getUint32(record + PID, true),
      session: view.getUint32(record + SESSION, true),
      isExit: view.getUint16(record + KIND, true) === IMAGE_KIND.EXIT,
      isOfThread: (view.getUint16(record + FLAGS, true) & IMAGE_FLAGS.THREAD) !== 0,
      container: containerAt(view, at),
    };
  }
}

function containerAt(view: DataView, at: number): string {
  let text = at + ENTRY_HEAD + padded(view.getUint32(at, true));
  for (let index = 0; index < CONTAINER_TEXT; index++) text += view.getUint16(at + 4 + 2 * index, true);
  const length = view.getUint16(at + 4 + 2 * CONTAINER_TEXT, true);
  return Buffer.from(view.buffer, view.byteOffset + text, length).toString('latin1');
}
