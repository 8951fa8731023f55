// The views of events: one of most, further ones of those whose names are not the only ones (TWO_VIEWS in the schema).

import { descriptorOtherView, EVENT_FLAG_TWO_VIEWS, headerFlags, headerSize } from './generated/accessors';

/** What is to be evaluated after that: the event's next view, or the next event. The size of the last view leads there. */
// @ts-ignore: decorator
@inline export function nextView(event: u32): u32 {
  return (headerFlags(event) & EVENT_FLAG_TWO_VIEWS) != 0 ? descriptorOtherView(event) : event + headerSize(event);
}
