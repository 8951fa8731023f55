// The pod of a request to the API server: requests name it, and a name is another pod's when the first one has gone.

import { Slots } from '../../metadata/slots.ts';
import { RefusalError, type TargetPod } from '../action.ts';
import type { Pods } from './pods.ts';

/** What an audit event says of the pod. */
export interface RequestedPod {
  readonly namespace: string;
  readonly name: string;
  /** Undefined if the event does not have it, as most do not. */
  readonly uid: string | undefined;
  /** The pod was created within these times, in ms since the epoch, by the API server's clock. */
  readonly created: { readonly from: number; readonly to: number };
}

export interface FindsPods {
  /** Rejects with RefusalError, or with the reason why the API server can't be asked. */
  find(requested: RequestedPod): Promise<TargetPod>;
}

/** Whom it asks. */
type NamesPods = Pick<Pods, 'named'>;

/** Questions at a time, and alerts that may wait for an answer: who may send requests can cause as many as they like. */
const AT_ONCE = 8;
const MOST_WAITING = 1000;

export class RequestedPods implements FindsPods {
  readonly #pods: NamesPods | undefined;
  readonly #slots = new Slots(AT_ONCE);
  #waiting = 0;

  /** @param pods undefined: the agent knows no API server */
  constructor(pods: NamesPods | undefined) {
    this.#pods = pods;
  }

  async find({ namespace, name, uid, created }: RequestedPod): Promise<TargetPod> {
    const pods = this.#pods;
    if (!pods) throw new Error('the agent knows no API server (kubernetes)');
    if (this.#waiting >= MOST_WAITING) throw new RefusalError('limit', 'too many responses are waiting for their pods');
    this.#waiting++;
    try {
      const found = await this.#slots.take(() => pods.named({ namespace, name }));
      if (!found) throw new RefusalError('gone', 'the pod is gone');
      if (uid === undefined) checkCreation(found.created, created);
      else if (found.uid !== uid) throw new RefusalError('gone', ANOTHER);
      return { namespace, name, uid: found.uid, labels: found.labels };
    } finally {
      this.#waiting--;
    }
  }
}

const ANOTHER = 'the pod is gone, and another one has its name';

/** @throws {RefusalError} */
function checkCreation(time: number | undefined, { from, to }: RequestedPod['created']): void {
  if (time === undefined) throw new RefusalError('incomplete', 'it is not known when the pod was created');
  if (time < from || time > to) throw new RefusalError('gone', ANOTHER);
}
