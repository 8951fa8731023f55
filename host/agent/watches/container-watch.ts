// Reports cgroups that are made to look like a container's, and containers and cgroups that there was no room for.

import type { CaptureCounters } from '../../capture/capture-counters.ts';
import type { EngineCounters } from '../../engine/messages/protocol.ts';
import type { AlertDesk } from '../alerts/alert-desk.ts';
import { CountWatch } from './count-watch.ts';

export const CONTAINER_RULE = 'Wasprey internal: cgroup of a container forged';
export const LOST_CONTAINER_RULE = 'Wasprey internal: containers lost';
export const UNPLACED_RULE = 'Wasprey internal: processes out of reach of enforcement';

/** The counters that are watched. */
interface Counted extends Pick<EngineCounters, 'time'> {
  readonly capture: Pick<CaptureCounters, 'imagesInForgedCgroups' | 'containersLost' | 'imagesUnplaced'>;
}

export class ContainerWatch {
  readonly #forged: CountWatch;
  readonly #lost: CountWatch;
  readonly #unplaced: CountWatch;

  constructor(desk: Pick<AlertDesk, 'internal'>) {
    this.#forged = new CountWatch(
      desk,
      CONTAINER_RULE,
      (more) =>
        `${more} times a process was in a cgroup with the name of a container that has another cgroup. It counts as where it was before.`,
    );
    this.#lost = new CountWatch(
      desk,
      LOST_CONTAINER_RULE,
      (more) =>
        `${more} times a container, or its metadata, was dropped: table full, or quota exceeded. Rules see it as unknown. Look for cgroups with names of containers that no runtime has.`,
    );
    this.#unplaced = new CountWatch(
      desk,
      UNPLACED_RULE,
      (more) =>
        `${more} times a process was in a cgroup unknown to the BPF programs: its container is unknown, or there was no room. Responses with \`where: kernel\` do not act on it.`,
    );
  }

  update({ time, capture }: Counted): void {
    this.#forged.update(time, capture.imagesInForgedCgroups);
    this.#lost.update(time, capture.containersLost);
    this.#unplaced.update(time, capture.imagesUnplaced);
  }

  /** At the end: reports what waits. */
  finish(): void {
    for (const watch of [this.#forged, this.#lost, this.#unplaced]) watch.finish();
  }
}
