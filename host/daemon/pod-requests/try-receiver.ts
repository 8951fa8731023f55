// Whether a receiver of audit events gives this agent its stream; for `wasprey doctor`.

import { type ReceiverPlace, readStream } from './receiver-stream.ts';

const PATIENCE_MS = 10_000;

/** Opens a stream briefly: a running agent loses its own, and continues at its position. @returns why that failed; undefined if it did not */
export async function tryReceiver(place: ReceiverPlace): Promise<string | undefined> {
  const begun = new AbortController();
  const either = AbortSignal.any([begun.signal, AbortSignal.timeout(PATIENCE_MS)]);
  try {
    await readStream(place, undefined, () => begun.abort(), either);
  } catch (error) {
    if (!begun.signal.aborted) return error instanceof Error ? error.message : String(error);
  }
  return undefined;
}
