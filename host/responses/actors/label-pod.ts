// label_pod: by the API server. A label can take a pod out of its service or put it under a network policy.

import { asText, isObject } from '../../diagnostics/json-value.ts';
import { type Actor, type Deed, RefusalError, type Target } from '../action.ts';
import type { LedgerEntry } from '../ledger-entry.ts';
import type { LabelChanges, PodName, Pods } from '../pods/pods.ts';
import type { Response } from '../settings.ts';
import { describePod, podOf, reachable } from './pod-target.ts';

export class LabelPod implements Actor {
  readonly #pods: Pods | undefined;
  /** A pod stays labelled when its node is started again. */
  readonly outlivesBoot = true;

  /** @param pods undefined: the agent knows no API server */
  constructor(pods: Pods | undefined) {
    this.#pods = pods;
  }

  async prepare({ labels = new Map() }: Response, target: Target): Promise<Deed> {
    const pod = podOf(target);
    const pods = reachable(this.#pods);
    const before = await pods.labels(pod);
    if (!before) throw new RefusalError('gone', 'the pod is gone');
    const changes = [...labels].filter(([name, value]) => before.get(name) !== value);
    if (changes.length === 0) throw new RefusalError('already', 'the pod has the labels');
    const what = `${describePod(pod)}: ${changes.map(([name, value]) => `${name}=${value}`).join(', ')}`;
    const kept = { pod, set: Object.fromEntries(changes), before: Object.fromEntries(before) };
    return {
      what: `label ${what}`,
      done: `labelled ${what}`,
      kept,
      staysInForce: true,
      perform: async () => {
        if (!(await pods.setLabels(pod, new Map(changes)))) throw new RefusalError('gone', 'the pod is gone');
      },
    };
  }

  /** It is labelled as it was to be, if the pod is still there. */
  async finish({ kept }: LedgerEntry): Promise<boolean> {
    return await reachable(this.#pods).setLabels(podIn(kept), textsIn(kept.set));
  }

  async isOver({ kept }: LedgerEntry): Promise<boolean> {
    return (await reachable(this.#pods).labels(podIn(kept))) === undefined;
  }

  /** Labels that somebody has changed since stay as they are. */
  async undo({ kept }: LedgerEntry): Promise<void> {
    const pods = reachable(this.#pods);
    const pod = podIn(kept);
    const now = await pods.labels(pod);
    const before = textsIn(kept.before);
    const ours = [...textsIn(kept.set)].filter(([name, value]) => now?.get(name) === value);
    const changes: LabelChanges = new Map(ours.map(([name]) => [name, before.get(name)]));
    if (changes.size > 0) await pods.setLabels(pod, changes);
  }
}

function podIn(kept: LedgerEntry['kept']): PodName {
  const text = (name: string): string => (isObject(kept.pod) && asText(kept.pod[name])) || '';
  return { namespace: text('namespace'), name: text('name'), uid: text('uid') };
}

function textsIn(value: unknown): ReadonlyMap<string, string> {
  const entries = isObject(value) ? Object.entries(value) : [];
  return new Map(entries.flatMap(([name, text]) => (typeof text === 'string' ? [[name, text]] : [])));
}
