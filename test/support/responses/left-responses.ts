// A responder that takes up what an agent before has left in force. Undoing it takes nothing back on this machine: the actor is the test's.

import type { Actor } from '../../../host/responses/action.ts';
import { Ledger, type NewEntry } from '../../../host/responses/ledger/ledger.ts';
import { LocalResponder } from '../../../host/responses/performing/local-responder.ts';

/** Full id of a container. */
export const PAUSED_CONTAINER = 'c0ffee'.padEnd(64, '0');
/** `namespace/name` of its pod. */
export const PAUSED_POD = 'shop/web-1';

export interface LeftResponses {
  readonly responder: LocalResponder;
  /** Ids, in the order of the entries. */
  readonly ids: readonly string[];
}

/** @param undo of the actor: rejects if it can't be undone */
export async function leftResponses(
  folder: string,
  entries: readonly Partial<NewEntry>[],
  undo: NonNullable<Actor['undo']>,
): Promise<LeftResponses> {
  const ledger = await Ledger.open(folder);
  const ids: string[] = [];
  for (const entry of entries) {
    const paused = {
      action: 'pause_container',
      container: PAUSED_CONTAINER,
      containerName: 'web',
      pod: PAUSED_POD,
    } as const;
    const { id } = await ledger.begin(
      { ...paused, response: 'pause shells', time: Date.now(), kept: {}, ...entry },
      [],
    );
    await ledger.set(id, 'in-force');
    ids.push(id);
  }
  await ledger.close();
  const responder = new LocalResponder({
    folder,
    own: { pid: process.pid, container: '', podUid: '' },
    actors: async () => new Map([['pause_container', { prepare: () => Promise.reject(new Error('unused')), undo }]]),
    onFailure: () => {},
    onNote: () => {},
  });
  await responder.start();
  return { responder, ids };
}
