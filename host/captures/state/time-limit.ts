// A time by which something has to be done.

export class TimeLimit {
  readonly #end: number;

  constructor(milliseconds: number) {
    this.#end = performance.now() + milliseconds;
  }

  get isOver(): boolean {
    return performance.now() >= this.#end;
  }
}
