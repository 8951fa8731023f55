// The events that a capture has polled.

import type { EventMemory } from '../../../host/fields/memory.ts';
import { EventRecord } from '../../../host/fields/record.ts';
import { EVENT_HEADER } from '../../../host/schema/event-structs.ts';
import { member } from '../../../host/schema/layout.ts';

const SIZE = member(EVENT_HEADER, 'size').offset;

/** The events of the first `pairs` of segments, in their order. Valid until the capture releases them. */
export function* polledEvents(memory: EventMemory, segments: Uint32Array, pairs: number): Generator<EventRecord> {
  for (let pair = 0; pair < pairs; pair++) {
    const to = segments[2 * pair + 1] ?? 0;
    for (let address = segments[2 * pair] ?? 0; address < to; address += memory.u32(address + SIZE)) {
      const event = EventRecord.at(memory, address);
      if (event) yield event;
    }
  }
}
