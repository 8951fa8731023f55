// A rate limit: a burst at once, and an average per second.

export class TokenBucket {
  readonly #rate: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  /**
   * @param rate tokens added each second
   * @param burst the largest number of tokens, and the initial one
   * @param now in ms, of the clock that is also passed to take()
   */
  constructor(rate: number, burst: number, now: number) {
    this.#rate = rate;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /** Takes a token, if one is available. */
  take(now: number): boolean {
    // A clock that was set back neither adds nor removes tokens.
    const seconds = Math.max(0, now - this.#at) / 1000;
    this.#at = now;
    this.#tokens = Math.min(this.#burst, this.#tokens + seconds * this.#rate);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
