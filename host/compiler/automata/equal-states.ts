// Which states of an automaton are equal, by Hopcroft's algorithm: groups of states are split until all states of a group lead, by each
// byte, into the same group. Moore's, which looks at all states again after each round, took 22 s for the 508 states of a text.

/** Groups of states, as ranges of an order. */
class Partition {
  readonly #order: Uint32Array;
  readonly #place: Uint32Array;
  readonly group: Uint32Array;
  readonly #first: number[] = [];
  readonly #end: number[] = [];
  /** Of each group: how many of its states are marked. They stand at its begin. */
  readonly #marked: number[] = [];
  #touched: number[] = [];

  constructor(size: number) {
    this.#order = Uint32Array.from({ length: size }, (_, state) => state);
    this.#place = this.#order.slice();
    this.group = new Uint32Array(size);
    this.#add(0, size);
  }

  #add(first: number, end: number): number {
    this.#first.push(first);
    this.#end.push(end);
    this.#marked.push(0);
    return this.#first.length - 1;
  }

  sizeOf(group: number): number {
    return at(this.#end, group) - at(this.#first, group);
  }

  /** A copy: the group may be split meanwhile. */
  statesOf(group: number): Uint32Array {
    return this.#order.slice(this.#first[group], this.#end[group]);
  }

  mark(state: number): void {
    const group = at(this.group, state);
    const marked = at(this.#marked, group);
    const to = at(this.#first, group) + marked;
    const from = at(this.#place, state);
    if (from < to) return;
    if (marked === 0) this.#touched.push(group);
    const other = at(this.#order, to);
    this.#order[from] = other;
    this.#place[other] = from;
    this.#order[to] = state;
    this.#place[state] = to;
    this.#marked[group] = marked + 1;
  }

  /** Makes a group of its own of the marked states of each group that has others as well. */
  split(made: (of: number, group: number) => void): void {
    for (const of of this.#touched) {
      const first = at(this.#first, of);
      const middle = first + at(this.#marked, of);
      this.#marked[of] = 0;
      if (middle === this.#end[of]) continue;
      this.#first[of] = middle;
      const group = this.#add(first, middle);
      for (let place = first; place < middle; place++) this.group[at(this.#order, place)] = group;
      made(of, group);
    }
    this.#touched = [];
  }
}

/** A number of an array that has one there. */
function at(array: ArrayLike<number>, index: number): number {
  return array[index] ?? 0;
}

/** From where each state is reached by each column: `sources` from `starts[column * size + state]` to the next start. */
function reached(rows: readonly ArrayLike<number>[], columns: number): { starts: Uint32Array; sources: Uint32Array } {
  const size = rows.length;
  const starts = new Uint32Array(columns * size + 1);
  const sources = new Uint32Array(columns * size);
  const each = (visit: (place: number, state: number) => void): void =>
    rows.forEach((row, state) => {
      for (let column = 0; column < columns; column++) visit(column * size + at(row, column), state);
    });
  each((place) => {
    starts[place + 1] = at(starts, place + 1) + 1;
  });
  for (let place = 0; place < columns * size; place++) starts[place + 1] = at(starts, place + 1) + at(starts, place);
  const next = starts.slice();
  each((place, state) => {
    sources[at(next, place)] = state;
    next[place] = at(next, place) + 1;
  });
  return { starts, sources };
}

/**
 * The group of each state: states of a group accept the same texts. Groups are numbered in the order of their first states.
 * @param rows the next states of each state, a column for each class of bytes
 */
export function groupsOfEqualStates(
  accepting: readonly boolean[],
  rows: readonly ArrayLike<number>[],
  columns: number,
): number[] {
  const size = rows.length;
  const { starts, sources } = reached(rows, columns);
  const partition = new Partition(size);
  accepting.forEach((accepts, state) => {
    if (accepts) partition.mark(state);
  });
  const waiting: number[] = [0];
  const waits: boolean[] = [true];
  // Of the two parts of a group whose states lead alike so far, one suffices to split the others: the smaller.
  const add = (of: number, made: number): void => {
    const next = waits[of] || partition.sizeOf(made) <= partition.sizeOf(of) ? made : of;
    waits[next] = true;
    waiting.push(next);
  };
  partition.split(add);
  for (let group = waiting.pop(); group !== undefined; group = waiting.pop()) {
    waits[group] = false;
    const states = partition.statesOf(group);
    for (let column = 0; column < columns; column++) {
      for (const state of states) {
        const place = column * size + state;
        const end = at(starts, place + 1);
        for (let source = at(starts, place); source < end; source++) partition.mark(at(sources, source));
      }
      partition.split(add);
    }
  }
  const numbers = new Map<number, number>();
  return Array.from(partition.group, (group) => {
    const number = numbers.get(group) ?? numbers.size;
    numbers.set(group, number);
    return number;
  });
}
