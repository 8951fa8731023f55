// The views of events: one of most, two of those whose names the kernel resolved to others than those passed.

import { descriptorOtherView, EVENT_FLAG_TWO_VIEWS, headerFlags, headerSize } from './generated/accessors';

/** What is to be evaluated after that: the event's second view, or the next event. The size of a second view leads there. */
// @ts-ignore: decorator
@inline export function nextView(event: u32): u32 {
  return (headerFlags(event) & EVENT_FLAG_TWO_VIEWS) != 0 ? descriptorOtherView(event) : event + headerSize(event);
}
