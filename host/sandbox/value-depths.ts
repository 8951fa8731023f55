// The values of a function, as V8's optimizer follows them (optimizer-cost.ts): by number. Equal numbers are equal values.
//
// A value's depth is the number of meetings that it has come through: of places where paths that bring different values become one.

/**
 * What the paths to a block's end bring, of each local, then of each result: the number of the value, or where they bring different ones
 * -1 - the largest of their depths.
 */
export type Meeting = number[];

export class ValueDepths {
  private readonly depths: number[] = [];

  /** Adds a value; returns its number. */
  add(depth: number): number {
    return this.depths.push(depth) - 1;
  }

  of(value: number): number {
    return this.depths[value] ?? 0;
  }

  /**
   * The meeting of a first path.
   * @param count of results; code that is refused may bring fewer
   */
  first(locals: readonly number[], results: readonly number[], count: number): Meeting {
    const meeting = [...locals, ...results];
    while (meeting.length < locals.length + count) meeting.push(0);
    return meeting;
  }

  /** Adds what one more path brings. */
  meet(meeting: Meeting, locals: readonly number[], results: readonly number[]): void {
    for (let i = 0; i < meeting.length; i++) {
      const met = meeting[i] as number;
      const value = (i < locals.length ? locals[i] : results[i - locals.length]) ?? 0;
      if (met === value) continue;
      const depth = met < 0 ? -1 - met : this.of(met);
      meeting[i] = -1 - Math.max(depth, this.of(value));
    }
  }

  /** The value that goes on from an element of a meeting: a new one where the paths bring different ones. */
  after(met: number): number {
    return met < 0 ? this.add(-met) : met;
  }
}
