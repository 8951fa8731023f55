// Audit events of requests to enter pods, kept beside what happened: with them sessions have their Kubernetes user.

import { asObject } from '../diagnostics/json-value.ts';
import { isRefused } from '../sessions/pod-request.ts';
import type { PodRequestFacts } from '../sessions/pod-request-facts.ts';
import { JsonLog, jsonLogPaths, readJsonLog } from './json-log.ts';

const NAME = 'pod-requests';
/** Anybody can be refused often: that must not take the room of others. */
const REFUSED = 'refused-pod-requests';

export class PodRequestLog {
  readonly #letThrough: JsonLog<PodRequestFacts>;
  readonly #refused: JsonLog<PodRequestFacts>;

  /** @param onFailure called for each write that fails: its events are missing then */
  constructor(folder: string, onFailure: (error: unknown) => void, mostBytes?: number) {
    this.#letThrough = new JsonLog(folder, NAME, onFailure, mostBytes);
    this.#refused = new JsonLog(folder, REFUSED, onFailure, mostBytes);
  }

  /** Nobody waits for it. */
  add(event: PodRequestFacts): void {
    (isRefused(event) ? this.#refused : this.#letThrough).add(event);
  }

  /** How often events of requests that were let through were lost on the way to the disk. */
  get lost(): number {
    return this.#letThrough.lost;
  }

  /** Events of requests that were let through, of before, were removed to make room: ms since the epoch. */
  get cutUntil(): number {
    return this.#letThrough.cutUntil;
  }

  /** Resolves when all that was let through outlives a loss of power. Rejects if it does not. */
  async sync(): Promise<void> {
    await this.#letThrough.close();
    await this.#letThrough.sync();
  }

  /** Resolves when all is written. Never rejects. */
  async close(): Promise<void> {
    await Promise.all([this.#letThrough.close(), this.#refused.close()]);
  }
}

/**
 * The files of a journal's folder that have them, each in the form of an audit log; they may be missing. In that order nothing is missed if an
 * agent renames a file to the next one meanwhile: it is read twice.
 */
export function podRequestFiles(folder: string): readonly string[] {
  return [NAME, REFUSED].flatMap((name) => jsonLogPaths(folder, name).toReversed());
}

/** The stored events of requests that were let through. */
export function readPodRequests(folder: string): Promise<object[]> {
  return readJsonLog(folder, NAME, asObject);
}
