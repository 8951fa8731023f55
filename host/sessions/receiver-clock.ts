// The clock of a receiver, as an agent sees it: times that the receiver states are its own, and sessions have those of the agent's node.
//
// What the receiver's clock showed when it wrote a message is in it. It was written after the agent asked for the stream, and before it came. So how far the
// agent's clock is ahead lies between two bounds, and a time that is stated between two times of the node's.

import { NANOSECONDS_PER_MS } from '../fields/time.ts';

export class ReceiverClock {
  readonly #now: () => number;
  /** When the stream was asked for, by the agent's clock in ms. */
  readonly #asked: number;
  /** So many ns at least and at most the agent's clock is ahead. Undefined: it does not say what its clock shows. */
  #ahead: { readonly least: bigint; readonly most: bigint } | undefined;

  /** Made when a stream is asked for. @param now the agent's clock, in ms since the epoch */
  constructor(now: () => number) {
    this.#now = now;
    this.#asked = now();
  }

  /**
   * The receiver has written what its clock shows, in ns since the epoch.
   * @returns false if one of the clocks was set meanwhile: all bounds are worth nothing then
   */
  heard(theirs: bigint | undefined): boolean {
    if (theirs === undefined) return true;
    const most = nanoseconds(this.#now()) - theirs;
    const least = this.#ahead?.least ?? nanoseconds(this.#asked) - theirs;
    this.#ahead = { least, most };
    return most >= least;
  }

  /** A time of the receiver by the node's clock, not later than it was. Undefined if that is not known. */
  earliest(time: bigint): bigint | undefined {
    return this.#ahead && time + this.#ahead.least;
  }

  /** A time of the receiver by the node's clock, not earlier than it was. Undefined if that is not known. */
  latest(time: bigint): bigint | undefined {
    return this.#ahead && time + this.#ahead.most;
  }

  /** How far the agent's clock is ahead at most, in ms. */
  get aheadMs(): number | undefined {
    return this.#ahead && Number(this.#ahead.most / NANOSECONDS_PER_MS);
  }
}

function nanoseconds(milliseconds: number): bigint {
  return BigInt(milliseconds) * NANOSECONDS_PER_MS;
}
