// Messages that wait for agents: the latest of each node and those for all, within limits. An agent that connects again continues at its position, or its
// stream says that something is missing.

import { streamLine } from '../../../sessions/stream-messages.ts';

/** Limits of the messages of one node, and of those for all nodes. */
const MOST_MESSAGES = 2_000;
const MOST_BYTES = 2 << 20;
/** Limit of the messages of all nodes together. Beyond, the oldest of the node with the most are dropped. */
const MOST_BYTES_IN_ALL = 64 << 20;
/** Nodes, of those that have existed since the start. */
const MOST_NODES = 16_384;
/** What an entry takes beside its line. */
const ENTRY_BYTES = 128;

interface Entry {
  readonly position: number;
  readonly line: string;
  /** When it came, in ms since the epoch. */
  readonly arrived: number;
}

/** What was dropped last: all before it are gone as well. */
export interface Dropped {
  readonly position: number;
  /** When it came, in ms since the epoch. */
  readonly arrived: number;
}

interface Queue {
  entries: Entry[];
  bytes: number;
  dropped: Dropped;
}

export interface BacklogBounds {
  readonly messages: number;
  readonly bytes: number;
  readonly bytesInAll: number;
}

const BOUNDS: BacklogBounds = { messages: MOST_MESSAGES, bytes: MOST_BYTES, bytesInAll: MOST_BYTES_IN_ALL };
const NOTHING: Dropped = { position: 0, arrived: 0 };

/** A message of a stream without its position, which the backlog gives it. */
export type Unplaced = { readonly kind: 'request' | 'withheld' | 'gap' } & Readonly<Record<string, unknown>>;

export class Backlog {
  readonly #bounds: BacklogBounds;
  readonly #now: () => number;
  readonly #ofNodes = new Map<string, Queue>();
  readonly #forAll: Queue = { entries: [], bytes: 0, dropped: NOTHING };
  /** The last dropped message of forgotten nodes. */
  #forgotten: Dropped = NOTHING;
  #position = 0;
  #bytes = 0;
  #droppedMessages = 0;

  constructor(bounds: BacklogBounds = BOUNDS, now: () => number = Date.now) {
    this.#bounds = bounds;
    this.#now = now;
  }

  /** Position of the last message, to any agent. */
  get position(): number {
    return this.#position;
  }

  get counters(): { readonly bytes: number; readonly nodes: number; readonly dropped: number } {
    return { bytes: this.#bytes, nodes: this.#ofNodes.size, dropped: this.#droppedMessages };
  }

  /** @param node undefined: for the agents of all nodes */
  add(node: string | undefined, message: Unplaced): void {
    const position = ++this.#position;
    // Every member of a message is of a type that streamLine() writes.
    const line = streamLine({ ...message, position } as Parameters<typeof streamLine>[0]);
    const queue = node === undefined ? this.#forAll : this.#queueOf(node);
    queue.entries.push({ position, line, arrived: this.#now() });
    this.#grow(queue, line.length + ENTRY_BYTES);
    while (queue.entries.length > this.#bounds.messages || queue.bytes > this.#bounds.bytes) this.#dropOldest(queue);
    while (this.#bytes > this.#bounds.bytesInAll) this.#dropOldest(this.#largest());
  }

  /** The last message that a node's agent should have got after that position, and that is gone. Undefined if none is. */
  missing(node: string, position: number): Dropped | undefined {
    const gone = [this.#ofNodes.get(node)?.dropped ?? this.#forgotten, this.#forAll.dropped];
    const last = gone.reduce(latest);
    return last.position > position ? last : undefined;
  }

  /** The next messages for a node after that position, in their order. @param most how many */
  after(node: string, position: number, most: number): readonly { readonly position: number; readonly line: string }[] {
    const own = this.#ofNodes.get(node)?.entries ?? [];
    const parts = [own, this.#forAll.entries].flatMap((entries) => {
      const from = firstAfter(entries, position);
      return entries.slice(from, from + most);
    });
    return parts.sort((one, other) => one.position - other.position).slice(0, most);
  }

  #queueOf(node: string): Queue {
    const known = this.#ofNodes.get(node);
    if (known) return known;
    for (const [name, { entries, dropped, bytes }] of this.#ofNodes) {
      if (this.#ofNodes.size < MOST_NODES) break;
      this.#ofNodes.delete(name);
      this.#bytes -= bytes;
      this.#droppedMessages += entries.length;
      this.#forgotten = latest(this.#forgotten, entries.at(-1) ?? dropped);
    }
    const queue = { entries: [], bytes: 0, dropped: this.#forgotten };
    this.#ofNodes.set(node, queue);
    return queue;
  }

  #largest(): Queue {
    let largest = this.#forAll;
    for (const queue of this.#ofNodes.values()) if (queue.bytes > largest.bytes) largest = queue;
    return largest;
  }

  #dropOldest(queue: Queue): void {
    const [oldest] = queue.entries;
    if (!oldest) return;
    queue.entries.shift();
    queue.dropped = oldest;
    this.#grow(queue, -(oldest.line.length + ENTRY_BYTES));
    this.#droppedMessages++;
  }

  #grow(queue: Queue, bytes: number): void {
    queue.bytes += bytes;
    this.#bytes += bytes;
  }
}

function latest(one: Dropped, other: Dropped): Dropped {
  return one.position > other.position ? one : other;
}

/** The index of the first entry after that position. */
function firstAfter(entries: readonly Entry[], position: number): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle]?.position ?? 0) <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}
