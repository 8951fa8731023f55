// The process images of a block that was checked, in the layout of this version, where they are.

import { ENTRY_HEAD, entrySize } from './image-entries.ts';
import { ENTRY, entryAt } from './payload.ts';

/** The logs of images of a payload. */
export function* imageLogsOf(payload: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  let next = 0;
  for (let at = 0; at < payload.length; at = next) {
    const entry = entryAt(payload, at);
    if (view.getUint32(at + 4, true) === ENTRY.IMAGES) yield entry.body;
    next = entry.next;
  }
}

/** The lifecycle records of a log. */
export function* recordsOf(log: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  for (let at = 0; at < log.length; at += entrySize(view, at)) {
    const record = at + ENTRY_HEAD;
    yield log.subarray(record, record + view.getUint32(at, true));
  }
}
