// Events on their way from the thread that evaluates them to whoever keeps them: many together, so that they take little room when they are packed.

import type { EvaluatedEvents } from './protocol.ts';

/** Sent when so many bytes are there, or so long after the first. */
const BLOCK_BYTES = 1 << 20;
const LONGEST_MS = 1_000;
/** Items of a batch need not say what they are: each becomes a list again, which `wasprey replay` reads as well. */
const [BEFORE, AFTER] = [Buffer.from('{"kind":"EventList","items":['), Buffer.from(']}\n')];

export class OutgoingEvents {
  readonly #send: (block: EvaluatedEvents) => void;
  #lines = new Uint8Array(0);
  #bytes = 0;
  #events = 0;
  #to = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param send gets bytes that are its own */
  constructor(send: (block: EvaluatedEvents) => void) {
    this.#send = send;
  }

  /** Number of waiting events. */
  get events(): number {
    return this.#events;
  }

  /** @param event in its compact form; its bytes are copied @param time ms since the epoch */
  add(event: Uint8Array, time: number): void {
    const length = BEFORE.length + event.length + AFTER.length;
    if (this.#bytes + length > BLOCK_BYTES) this.flush();
    if (length > this.#lines.length) this.#lines = new Uint8Array(Math.max(BLOCK_BYTES, length));
    for (const part of [BEFORE, event, AFTER]) {
      this.#lines.set(part, this.#bytes);
      this.#bytes += part.length;
    }
    this.#events++;
    this.#to = Math.max(this.#to, time);
    this.#timer ??= setTimeout(() => this.flush(), LONGEST_MS);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#events === 0) return;
    this.#send({ lines: this.#lines.slice(0, this.#bytes), events: this.#events, to: this.#to });
    [this.#bytes, this.#events, this.#to] = [0, 0, 0];
  }
}
