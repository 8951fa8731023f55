// A bound for all texts of an answer: a hostile capture or journal has as many and as long ones as its files can hold.

export class TextBudget {
  #left: number;

  /** @param characters of all texts together */
  constructor(characters: number) {
    this.#left = characters;
  }

  /** The beginning of a text, as long as the bounds allow. */
  take(text: string, most: number): string {
    const taken = text.slice(0, Math.min(most, this.#left));
    this.#left -= taken.length;
    return taken;
  }

  get isUsedUp(): boolean {
    return this.#left <= 0;
  }
}
