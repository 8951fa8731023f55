// Reports cgroups that were named like a container's, to pass for it.

import type { CaptureCounters } from '../capture/native.ts';
import type { EngineCounters } from '../engine/protocol.ts';
import type { AlertDesk } from './alert-desk.ts';

export const CONTAINER_RULE = 'Wasprey internal: cgroup of a container forged';

/** The least time between two alerts. */
const ALERT_APART_MS = 30_000;

/** The counters that are watched. */
interface Counted extends Pick<EngineCounters, 'time'> {
  readonly capture: Pick<CaptureCounters, 'imagesInForgedCgroups'>;
}

export class ContainerWatch {
  readonly #desk: Pick<AlertDesk, 'internal'>;
  #seen = 0;
  #reported = 0;
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(desk: Pick<AlertDesk, 'internal'>) {
    this.#desk = desk;
  }

  update({ time, capture }: Counted): void {
    this.#seen = capture.imagesInForgedCgroups;
    // The clock may have been set back.
    if (time < this.#reportedAt || time - this.#reportedAt >= ALERT_APART_MS) this.#report(time);
  }

  /** At the end: reports what waits. */
  finish(): void {
    this.#report(this.#reportedAt);
  }

  #report(time: number): void {
    const more = this.#seen - this.#reported;
    if (more === 0) return;
    this.#reported = this.#seen;
    this.#reportedAt = time;
    const message = `${CONTAINER_RULE}. ${more} times a process was in a cgroup with the name of a container that has another cgroup. It counts as where it was before.`;
    this.#desk.internal(CONTAINER_RULE, 'Critical', message);
  }
}
