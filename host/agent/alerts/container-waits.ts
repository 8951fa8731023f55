// Matches in containers whose metadata has not come wait here for a while, and go out with what is known then, or why it is not.

import type { ContainerGap, GapReason, Match } from '../../engine/messages/match.ts';
import { completeValues } from '../../metadata/complete-alert.ts';
import { CONTAINER, CONTAINER_STATE, POD_STATE } from '../../schema/container.ts';
import { member } from '../../schema/layout.ts';

/** Alerts that may wait at a time; more go out with what is known. */
const HELD_AT_ONCE = 1024;
/** Most containers without an answer that are remembered; the oldest are forgotten first. */
const REMEMBERED = 4096;

const STATE_AT = member(CONTAINER, 'state').offset;
const POD_STATE_AT = member(CONTAINER, 'pod_state').offset;

/** Metadata of containers. */
export interface KnownContainers {
  /** The answers of the runtimes and the API server so far, including "unknown". */
  entry(id: string): Uint8Array | undefined;
  /** Why the runtimes have not answered. */
  failure(id: string): string | undefined;
  /** Why the API server has not answered. */
  podFailure(id: string): string | undefined;
}

/**
 * Why an alert is sent without all metadata of its container. Further reasons are the failures of
 * host/metadata/container-state.ts, those of pods with `pod-` in front.
 */
type WaitReason = GapReason | 'too-many-alerts' | 'pod-timed-out';

/** A match that becomes an alert, with the fields that are read for it. */
export interface MatchToSend {
  readonly match: Match;
  readonly keys: readonly string[];
  /** @param reason why metadata is missing; undefined: it is not */
  readonly send: (values: Match['values'], reason: string | undefined) => void;
}

interface HeldMatch extends MatchToSend {
  readonly gap: ContainerGap;
}

/** Matches of a container that wait together, since the first of them came. */
interface Waiting {
  readonly matches: Set<HeldMatch>;
  readonly timer: NodeJS.Timeout;
}

export interface WaitCounters {
  /** Alerts that waited for a container's metadata, and how many of them were sent without it. */
  readonly held: number;
  readonly heldInVain: number;
  /** Alerts that lack it, by the reason that they carry. */
  readonly withoutContainer: ReadonlyMap<string, number>;
}

export class ContainerWaits {
  readonly #containers: KnownContainers;
  readonly #patience: number;
  readonly #held = new Map<string, Waiting>();
  /** Containers whose time ran out: their alerts wait no more until there is an answer. */
  readonly #inVain = new Set<string>();
  readonly #without = new Map<string, number>();
  #heldNow = 0;
  #heldTotal = 0;
  #heldInVain = 0;

  /** @param patience how long, in ms, the matches of a container wait */
  constructor(containers: KnownContainers, patience: number) {
    this.#containers = containers;
    this.#patience = patience;
  }

  /** Sends the match, at once or when its container is known. */
  take(given: MatchToSend): void {
    const { gap, values } = given.match;
    if (!gap) {
      given.send(values, undefined);
      return;
    }
    const held = { ...given, gap };
    const entry = this.#containers.entry(gap.id);
    if (entry && answers(entry, gap)) this.#sendKnown(held, entry);
    else if (gap.reason !== undefined) this.#sendWithout(held, gap.reason);
    else if (this.#inVain.has(gap.id)) this.#sendWithout(held, entry ? 'pod-timed-out' : 'timed-out');
    else if (this.#heldNow < HELD_AT_ONCE) this.#hold(held);
    else this.#sendWithout(held, 'too-many-alerts');
  }

  /** A container's runtime has answered, or the API server about its pod. */
  containerKnown(id: string, entry: Uint8Array): void {
    this.#inVain.delete(id);
    for (const held of this.#held.get(id)?.matches ?? []) {
      if (!answers(entry, held.gap)) continue;
      this.#unhold(held);
      this.#sendKnown(held, entry);
    }
  }

  /** Entry of the container that was not known when the match was read. */
  entryOf({ gap }: Match): Uint8Array | undefined {
    return gap && this.#containers.entry(gap.id);
  }

  /** Whether an answer about the container of the match is missing: the runtime's, or the API server's where that is wanted. */
  lacksContainer(match: Match): boolean {
    if (match.gap === undefined) return false;
    const entry = this.entryOf(match);
    if (entry === undefined || entry[STATE_AT] === CONTAINER_STATE.FAILED) return true;
    const podState = entry[POD_STATE_AT];
    return match.gap.needsPod && (podState === POD_STATE.PENDING || podState === POD_STATE.FAILED);
  }

  /** Sends all that wait as they are. */
  end(): void {
    for (const { matches } of this.#held.values()) for (const held of matches) this.#giveUp(held, 'stopped');
  }

  get counters(): WaitCounters {
    return { held: this.#heldTotal, heldInVain: this.#heldInVain, withoutContainer: this.#without };
  }

  #hold(held: HeldMatch): void {
    const { id } = held.gap;
    const waiting = this.#held.get(id);
    if (waiting) waiting.matches.add(held);
    else {
      const timer = setTimeout(() => this.#timeOut(id), this.#patience);
      this.#held.set(id, { matches: new Set([held]), timer });
    }
    this.#heldNow++;
    this.#heldTotal++;
  }

  #unhold(held: HeldMatch): void {
    const waiting = this.#held.get(held.gap.id);
    if (!waiting?.matches.delete(held)) return;
    this.#heldNow--;
    if (waiting.matches.size > 0) return;
    clearTimeout(waiting.timer);
    this.#held.delete(held.gap.id);
  }

  #timeOut(container: string): void {
    // The runtime may have answered, and the API server not.
    const reason = this.#containers.entry(container) ? 'pod-timed-out' : 'timed-out';
    for (const held of this.#held.get(container)?.matches ?? []) this.#giveUp(held, reason);
    this.#inVain.add(container);
    for (const oldest of this.#inVain) {
      if (this.#inVain.size <= REMEMBERED) break;
      this.#inVain.delete(oldest);
    }
  }

  #giveUp(held: HeldMatch, reason: WaitReason): void {
    this.#unhold(held);
    this.#heldInVain++;
    this.#sendWithout(held, reason);
  }

  /** All answers have arrived, including "unknown". */
  #sendKnown({ match, keys, gap, send }: HeldMatch, entry: Uint8Array): void {
    const reason = this.#failure(entry, gap);
    if (reason !== undefined) this.#count(reason);
    send(completeValues(keys, match.values, entry, gap.moment), reason);
  }

  #sendWithout({ match, keys, gap, send }: HeldMatch, reason: WaitReason): void {
    const entry = this.#containers.entry(gap.id);
    this.#count(reason);
    send(entry ? completeValues(keys, match.values, entry, gap.moment) : match.values, reason);
  }

  #count(reason: string): void {
    this.#without.set(reason, (this.#without.get(reason) ?? 0) + 1);
  }

  #failure(entry: Uint8Array, { id, needsPod }: ContainerGap): string | undefined {
    if (entry[STATE_AT] === CONTAINER_STATE.FAILED) return this.#containers.failure(id) ?? 'failed';
    if (!needsPod || entry[POD_STATE_AT] !== POD_STATE.FAILED) return undefined;
    return `pod-${this.#containers.podFailure(id) ?? 'failed'}`;
  }
}

/** Whether the entry has everything that the alert waits for. */
function answers(entry: Uint8Array, { needsPod }: ContainerGap): boolean {
  return !(needsPod && entry[POD_STATE_AT] === POD_STATE.PENDING);
}
