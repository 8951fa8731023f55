// A capture on the builder source: records go in as the kernel would write them, and come out as a rule module and the
// host program see them, through the same reader, image table and completion as live events.

import { useAddon } from '../../../host/capture/addon.ts';
import type { CaptureSizes } from '../../../host/capture/native.ts';
import { type OpenCapture, openCapture } from '../../../host/capture/open.ts';
import { EventMemory } from '../../../host/fields/memory.ts';
import { EventRecord, type ImageRecord } from '../../../host/fields/record.ts';
import type { StructInput } from '../../../host/schema/encode-struct.ts';
import { EVENT_HEADER } from '../../../host/schema/event-structs.ts';
import { IMAGE_KIND } from '../../../host/schema/image.ts';
import { member } from '../../../host/schema/layout.ts';
import { eventRecord, imageRecord } from './records.ts';
import { takeCommitAway } from './ring-file.ts';
import { TEST_ADDON, testAddon } from './test-addon.ts';

useAddon(TEST_ADDON);

const SIZE_OFFSET = member(EVENT_HEADER, 'size').offset;
export const SMALL: CaptureSizes = { ringBudget: 1 << 20, imageBudget: 4 << 20, containerBudget: 1 << 20, cpus: 2 };

export class BuilderCapture implements Disposable {
  readonly open: OpenCapture;
  readonly memory: EventMemory;
  readonly segments: Uint32Array;
  #lastImage = 0n;
  /** Bytes of the events of each CPU, by event(). */
  readonly #written = new Map<number, number>();

  constructor(sizes: CaptureSizes = SMALL, segments = 512) {
    this.open = openCapture({ source: 'builder', sizes });
    this.memory = new EventMemory(this.open.memory.buffer);
    this.segments = new Uint32Array(segments);
  }

  get capture() {
    return this.open.capture;
  }

  /** A fresh image id, as the kernel gives them: growing. */
  nextImage(): bigint {
    this.#lastImage += 1n;
    return this.#lastImage;
  }

  /** Puts an event record where the kernel would. Throws CaptureError. */
  inject(record: Uint8Array): void {
    testAddon.injectEvent(this.capture.handle(), record);
  }

  /** The same with a lifecycle record. */
  injectImage(record: Uint8Array): void {
    testAddon.injectImage(this.capture.handle(), record);
  }

  /** Injects a lifecycle record; returns its id. */
  image(kind: keyof typeof IMAGE_KIND, input: StructInput): bigint {
    const id = typeof input.id === 'bigint' ? input.id : this.nextImage();
    this.injectImage(imageRecord({ kind: IMAGE_KIND[kind], ...input, id }));
    return id;
  }

  event(type: string, input: StructInput): void {
    const record = eventRecord(type, input);
    this.inject(record);
    const cpu = Number(input.cpu ?? 0);
    this.#written.set(cpu, (this.#written.get(cpu) ?? 0) + record.length);
  }

  /** Injects an event that its program is not done with, as long as the ring has not wrapped around. Returns what commits it. */
  uncommitted(type: string, input: StructInput): () => void {
    const cpu = Number(input.cpu ?? 0);
    const at = this.#written.get(cpu) ?? 0;
    this.event(type, input);
    const { plan, memory } = this.open;
    return takeCommitAway(new Uint8Array(memory.buffer, plan.ringsAddress), plan.ringStride * cpu, at);
  }

  /** Polls once and returns the events, complete. They are valid until release() or the next poll(). */
  poll(timeoutMs = 0): EventRecord[] {
    const pairs = this.capture.poll(this.segments, timeoutMs);
    const events: EventRecord[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      const to = this.segments[2 * pair + 1] ?? 0;
      for (
        let address = this.segments[2 * pair] ?? 0;
        address < to;
        address += this.memory.u32(address + SIZE_OFFSET)
      ) {
        const event = EventRecord.at(this.memory, address);
        if (!event) throw new Error(`no event at ${address}`);
        events.push(event);
      }
    }
    return events;
  }

  /** Injects one event and polls it. */
  one(type: string, input: StructInput): EventRecord {
    this.event(type, input);
    const [event] = this.poll();
    if (!event) throw new Error(`the event of ${type} did not come`);
    return event;
  }

  /** The image with that id, by an event that names it. */
  imageById(id: bigint): ImageRecord {
    const image = this.one('setuid', { image: id }).image;
    if (!image) throw new Error(`the event of image ${id} has none`);
    return image;
  }

  [Symbol.dispose](): void {
    this.capture.close();
  }
}
