// Remembers events, to drop those that come twice. An API server sends a batch again if it had no answer to it.

import { hash } from 'node:crypto';

/** Events of both generations together: a hundred batches of the default size, of the last minutes. */
const MOST_SEEN = 65_536;

/**
 * Events are compared as a whole, by a hash of their bytes: the auditID is not enough, because a client of the API server can choose it (the
 * header Audit-ID), and could send a harmless request first.
 */
export class SeenEvents {
  readonly #most: number;
  #recent = new Set<string>();
  #earlier = new Set<string>();

  /** @param most events that are remembered */
  constructor(most = MOST_SEEN) {
    this.#most = most / 2;
  }

  /** Whether the event came before; from now on it did. */
  add(event: Uint8Array): boolean {
    const key = hash('sha256', event, 'base64');
    if (this.#recent.has(key)) return true;
    const isKnown = this.#earlier.has(key);
    if (this.#recent.size >= this.#most) {
      this.#earlier = this.#recent;
      this.#recent = new Set();
    }
    this.#recent.add(key);
    return isKnown;
  }
}
