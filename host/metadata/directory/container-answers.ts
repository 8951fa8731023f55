// Answers about containers, within limits: the oldest are forgotten first.

import type { ContainerNotice } from '../../capture/native.ts';
import type { ClusterPod, ContainerMetadata } from '../container-metadata.ts';
import type { ContainerState, PodState } from '../container-state.ts';

const ANSWERS_KEPT = 4096;
/** Limit for the bytes of their entries; most have two or three KB. */
const BYTES_KEPT = 32 << 20;

export interface ContainerAnswer {
  readonly notice: ContainerNotice;
  metadata: ContainerMetadata | undefined;
  state: ContainerState;
  /** The pod's uid as the container knows it. */
  readonly podUid: string | undefined;
  pod?: ClusterPod;
  podState: PodState;
  /** Time until the pod is given up. */
  podTimer?: NodeJS.Timeout;
  /** Time until the runtime is asked again. */
  againTimer?: NodeJS.Timeout;
}

interface Kept {
  readonly answer: ContainerAnswer;
  entry: Uint8Array;
}

export class ContainerAnswers {
  readonly #kept = new Map<string, Kept>();
  readonly #byPod = new Map<string, Set<ContainerAnswer>>();
  #bytes = 0;

  get(id: string): ContainerAnswer | undefined {
    return this.#kept.get(id)?.answer;
  }

  entry(id: string): Uint8Array | undefined {
    return this.#kept.get(id)?.entry;
  }

  /** The containers of a pod, by its uid as containers know it. */
  ofPod(uid: string): readonly ContainerAnswer[] {
    return [...(this.#byPod.get(uid) ?? [])];
  }

  /** Replaces the previous answer and its entry. */
  put(answer: ContainerAnswer, entry: Uint8Array): void {
    const { notice, podUid } = answer;
    const known = this.#kept.get(notice.id);
    if (known?.answer === answer) {
      this.#bytes += entry.length - known.entry.length;
      known.entry = entry;
    } else {
      this.#drop(notice.id);
      this.#bytes += entry.length;
      this.#kept.set(notice.id, { answer, entry });
      if (podUid !== undefined) this.#siblings(podUid).add(answer);
    }
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= ANSWERS_KEPT && this.#bytes <= BYTES_KEPT) break;
      this.#drop(oldest);
    }
  }

  /** Cancels all timers. */
  close(): void {
    for (const { answer } of this.#kept.values()) stopTimers(answer);
  }

  #siblings(podUid: string): Set<ContainerAnswer> {
    let siblings = this.#byPod.get(podUid);
    if (!siblings) {
      siblings = new Set();
      this.#byPod.set(podUid, siblings);
    }
    return siblings;
  }

  #drop(id: string): void {
    const kept = this.#kept.get(id);
    if (!kept) return;
    this.#kept.delete(id);
    this.#bytes -= kept.entry.length;
    stopTimers(kept.answer);
    const { podUid } = kept.answer;
    if (podUid === undefined) return;
    const siblings = this.#siblings(podUid);
    siblings.delete(kept.answer);
    if (siblings.size === 0) this.#byPod.delete(podUid);
  }
}

function stopTimers({ podTimer, againTimer }: ContainerAnswer): void {
  clearTimeout(podTimer);
  clearTimeout(againTimer);
}
