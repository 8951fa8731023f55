// delete_pod: by the API server. What owns the pod makes another one.

import { type Actor, type Deed, RefusalError, type Target } from '../action.ts';
import type { Pods } from '../pods/pods.ts';
import type { Response } from '../settings.ts';
import { describePod, podOf, reachable } from './pod-target.ts';

export class DeletePod implements Actor {
  readonly #pods: Pods | undefined;

  /** @param pods undefined: the agent knows no API server */
  constructor(pods: Pods | undefined) {
    this.#pods = pods;
  }

  async prepare(_: Response, target: Target): Promise<Deed> {
    const pod = podOf(target);
    const pods = reachable(this.#pods);
    const found = await pods.find(pod);
    if (!found) throw new RefusalError('gone', 'the pod is gone');
    if (found.isEnding) throw new RefusalError('already', 'the pod is being deleted');
    return {
      what: `delete ${describePod(pod)}`,
      done: `deleted ${describePod(pod)}`,
      // The API server takes it as a whole or not at all.
      kept: undefined,
      staysInForce: false,
      perform: async () => {
        if (!(await pods.delete(pod))) throw new RefusalError('gone', 'the pod is gone');
      },
    };
  }
}
