// Reports process images that were lost: events of such a process are evaluated without its name, or with its state before a change.

import type { CaptureCounters } from '../../capture/capture-counters.ts';
import { isDue } from '../../diagnostics/alert-pace.ts';
import type { EngineCounters } from '../../engine/messages/protocol.ts';
import { jsonTimeOfMs } from '../../fields/time.ts';
import { keyedTexts } from '../../outputs/message.ts';
import type { AlertDesk } from '../alerts/alert-desk.ts';

export const IMAGE_RULE = 'Wasprey internal: process images lost';

/** The counters that are watched. */
interface Counted extends Pick<EngineCounters, 'time' | 'until'> {
  readonly capture: Pick<CaptureCounters, 'imagesLost' | 'unknownImages'>;
}

export interface ImageLoss {
  /** When the counters were last as before and first as after the loss: ms since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly images: number;
  /** Events that were evaluated without an image. */
  readonly events: number;
}

export interface ImageSummary {
  /** Since the start. */
  readonly lost: number;
  readonly eventsWithout: number;
  /** The last loss; a loss that lasts several seconds counts once. */
  readonly last?: ImageLoss;
}

export class ImageWatch {
  readonly #desk: Pick<AlertDesk, 'internal'>;
  #seen: ImageLoss;
  #unreported: ImageLoss | undefined;
  #last: ImageLoss | undefined;
  #reportedAt = Number.NEGATIVE_INFINITY;

  /** @param now ms since the epoch, the clock of EngineCounters.time */
  constructor(desk: Pick<AlertDesk, 'internal'>, now = Date.now()) {
    this.#desk = desk;
    this.#seen = { from: now, to: now, images: 0, events: 0 };
  }

  get summary(): ImageSummary {
    const { images, events } = this.#seen;
    return { lost: images, eventsWithout: events, ...(this.#last && { last: this.#last }) };
  }

  update({ time, until, capture: { imagesLost, unknownImages } }: Counted): void {
    const { to: before, images, events } = this.#seen;
    this.#seen = { from: before, to: time, images: imagesLost, events: unknownImages };
    const more = { images: imagesLost - images, events: unknownImages - events };
    // Without any loss before, such an event is that of a process that has just ended.
    if (more.images > 0 || (more.events > 0 && imagesLost > 0)) {
      const loss: ImageLoss = { from: Math.min(before, until), to: Math.max(before, until), ...more };
      this.#last = this.#last && this.#last.to >= loss.from ? together(this.#last, loss) : loss;
      this.#unreported = this.#unreported ? together(this.#unreported, loss) : loss;
    }
    if (isDue(time, this.#reportedAt)) this.#report(time);
  }

  /** At the end: reports what waits. */
  finish(): void {
    this.#report(this.#seen.to);
  }

  #report(time: number): void {
    if (!this.#unreported) return;
    const message = `${IMAGE_RULE}. ${describeLoss(this.#unreported)}.`;
    const { from, to, images, events } = this.#unreported;
    this.#unreported = undefined;
    this.#reportedAt = time;
    const fields = {
      n_images_lost: images,
      n_evts_without_image: events,
      'wasprey.from': jsonTimeOfMs(from),
      'wasprey.to': jsonTimeOfMs(to),
    };
    const values = keyedTexts(fields);
    this.#desk.internal(IMAGE_RULE, 'Critical', message, values);
  }
}

/** A loss as a part of a sentence. */
export function describeLoss({ from, to, images, events }: ImageLoss): string {
  return `${images} records of processes lost, ${events} events evaluated without a process, from ${jsonTimeOfMs(from)} to ${jsonTimeOfMs(to)}`;
}

function together(one: ImageLoss, other: ImageLoss): ImageLoss {
  return {
    from: Math.min(one.from, other.from),
    to: Math.max(one.to, other.to),
    images: one.images + other.images,
    events: one.events + other.events,
  };
}
