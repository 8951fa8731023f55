// The requests to enter a node's pods, kept in the journal's folder, and the times for which all of them are known.

import { reasonOf } from '../../diagnostics/system-reason.ts';
import { NANOSECONDS_PER_MS } from '../../fields/time.ts';
import { PodRequestLog } from '../../journal/pod-request-log.ts';
import { loadStreamState, removeStreamState, storeStreamState } from '../../journal/stream-state-file.ts';
import { withoutSpan } from '../../sessions/coverage.ts';
import { CLOCKS_APART_MS, type PodRequestFacts } from '../../sessions/pod-request-facts.ts';
import type { RequestStreamState } from '../../sessions/stream-state.ts';

export class NodeRequests {
  readonly #folder: string;
  readonly #since: number;
  readonly #onFailure: (error: unknown) => void;
  readonly #log: PodRequestLog;
  /** Requests lost until the state was read last. */
  #knownLost = 0;
  #isSynced = true;

  /** @param since what was received before is not in this folder: ms since the epoch */
  constructor(folder: string, since: number, onFailure: (error: unknown) => void) {
    this.#folder = folder;
    this.#since = since;
    this.#onFailure = onFailure;
    this.#log = new PodRequestLog(folder, onFailure);
  }

  /** Nobody waits for it. */
  add(event: PodRequestFacts): void {
    this.#isSynced = false;
    this.#log.add(event);
  }

  /** What keep() kept; undefined if nothing was, or it can't be read. Never rejects. */
  async resume(): Promise<RequestStreamState | undefined> {
    await this.#log.close();
    this.#knownLost = this.#log.lost;
    return loadStreamState(this.#folder);
  }

  /** Resolves when all that was added is on disk, and then the state. Rejects if it may not be, until resume() is called. */
  async keep(state: RequestStreamState): Promise<void> {
    if (!this.#isSynced) {
      this.#isSynced = true;
      await this.#log.sync();
    }
    if (this.#log.lost > this.#knownLost) throw new Error("requests can't be written to the journal");
    const missing = Math.max(this.#since, this.#log.cutUntil);
    const to = BigInt(Math.ceil(missing + CLOCKS_APART_MS)) * NANOSECONDS_PER_MS;
    const coverage = missing === 0 ? state.coverage : withoutSpan(state.coverage, { from: 0n, to });
    try {
      await storeStreamState(this.#folder, { ...state, coverage });
    } catch (error) {
      this.#onFailure(error);
      throw new Error(`the state of the stream can't be written: ${reasonOf(error)}`);
    }
  }

  /** The agent receives audit events itself: what a stream covered does not count any more. */
  receivesAll(): void {
    removeStreamState(this.#folder).catch((error: unknown) => this.#onFailure(error));
  }

  /** Resolves when all is written. Never rejects. */
  close(): Promise<void> {
    return this.#log.close();
  }
}
