// A capture of processes that each fork the next one.

import { type CapturedAlert, noteBytes } from '../../../host/captures/notes/capture-notes.ts';
import { BLOCK_KIND } from '../../../host/recording/format.ts';
import { process, shadowRead } from './built-agent.ts';
import { logEntry, payloadOf, type WrittenBlock, writeBlocks } from './recordings.ts';

const FORK = 1;
const AT_ONCE = 500;

/** Its bytes. @param count of processes, a multiple of 500 */
export function forkChain(count: number, alert: CapturedAlert): Uint8Array {
  const blocks = Array.from({ length: count / AT_ONCE }, (_, block): WrittenBlock => {
    const ids = Array.from({ length: AT_ONCE }, (_, index) => block * AT_ONCE + index + 1);
    const images = ids.map((id) =>
      logEntry(process(id, { kind: FORK, comm_bytes: 'a', pid: 1000 + id, parent: id - 1 })),
    );
    const reads = ids.map((id) => shadowRead(id));
    return { payload: payloadOf(images, reads), events: AT_ONCE };
  });
  return writeBlocks([...blocks, { kind: BLOCK_KIND.ALERT, events: 0, payload: noteBytes({ alert }) }]).bytes;
}
