// label_pod: by the API server. A label can take a pod out of its service or put it under a network policy.

import { asText, isObject } from '../../diagnostics/json-value.ts';
import { type Actor, type Circumstances, type Deed, RefusalError, type Target } from '../action.ts';
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

  async prepare(
    { labels = new Map() }: Response,
    target: Target,
    { entries }: Pick<Circumstances, 'entries'>,
  ): Promise<Deed> {
    const pod = podOf(target);
    const found = await reachable(this.#pods).find(pod);
    if (!found) throw new RefusalError('gone', 'the pod is gone');
    const changes = new Map([...labels].filter(([name, value]) => found.labels.get(name) !== value));
    if (changes.size === 0) throw new RefusalError('already', 'the pod has the labels');
    const what = `${describePod(pod)}: ${[...changes].map(([name, value]) => `${name}=${value}`).join(', ')}`;
    const before = withoutOurs(found.labels, labellings(entries, pod));
    const kept = { pod, set: Object.fromEntries(changes), before: Object.fromEntries(before) };
    return {
      what: `label ${what}`,
      done: `labelled ${what}`,
      kept,
      staysInForce: true,
      perform: async () => {
        if (!(await reachable(this.#pods).setLabels(pod, changes))) throw new RefusalError('gone', 'the pod is gone');
      },
    };
  }

  /** It is labelled as it was to be, if the pod is still there. */
  async finish({ kept }: LedgerEntry): Promise<boolean> {
    return await reachable(this.#pods).setLabels(podIn(kept), textsIn(kept.set));
  }

  async isOver({ kept }: LedgerEntry): Promise<boolean> {
    return (await reachable(this.#pods).find(podIn(kept))) === undefined;
  }

  /**
   * Labels that somebody has changed since stay as they are; those that another response sets too become what that one has set: in whichever order
   * they are undone, the pod has its own labels in the end.
   */
  async undo({ kept }: LedgerEntry, others: readonly LedgerEntry[]): Promise<void> {
    const pods = reachable(this.#pods);
    const pod = podIn(kept);
    const now = (await pods.find(pod))?.labels;
    const rest = new Map(labellings(others, pod).flatMap(({ set }) => [...set]));
    const before = textsIn(kept.before);
    const ours = [...textsIn(kept.set)].filter(([name, value]) => now?.get(name) === value);
    const changes: LabelChanges = new Map(ours.map(([name]) => [name, rest.get(name) ?? before.get(name)]));
    if (changes.size > 0) await pods.setLabels(pod, changes);
  }
}

interface Labelling {
  readonly set: ReadonlyMap<string, string>;
  readonly before: ReadonlyMap<string, string>;
}

/** The active responses on a pod, in the order in which they began. */
function labellings(entries: readonly LedgerEntry[], { uid }: PodName): Labelling[] {
  return entries
    .filter(({ action, kept }) => action === 'label_pod' && podIn(kept).uid === uid)
    .map(({ kept }) => ({ set: textsIn(kept.set), before: textsIn(kept.before) }));
}

/** The labels that a pod would have without what is in force. */
function withoutOurs(labels: ReadonlyMap<string, string>, inForce: readonly Labelling[]): ReadonlyMap<string, string> {
  const own = new Map(labels);
  for (const { set, before } of inForce.toReversed()) {
    for (const [name, value] of set) {
      if (own.get(name) !== value) continue;
      const previous = before.get(name);
      if (previous === undefined) own.delete(name);
      else own.set(name, previous);
    }
  }
  return own;
}

function podIn(kept: LedgerEntry['kept']): PodName {
  const text = (name: string): string => (isObject(kept.pod) && asText(kept.pod[name])) || '';
  return { namespace: text('namespace'), name: text('name'), uid: text('uid') };
}

function textsIn(value: unknown): ReadonlyMap<string, string> {
  const entries = isObject(value) ? Object.entries(value) : [];
  return new Map(entries.flatMap(([name, text]) => (typeof text === 'string' ? [[name, text]] : [])));
}
