// Work of the same key is done one after the other.

export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();
  #waiting = 0;

  /** How much has not ended. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Does it when what came before it has ended. */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const own = before.then(work, work);
    this.#last.set(key, own);
    this.#waiting++;
    try {
      return await own;
    } finally {
      this.#waiting--;
      if (this.#last.get(key) === own) this.#last.delete(key);
    }
  }
}
