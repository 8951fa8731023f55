// The views of events: most have one; events whose files have several names have further ones (TWO_VIEWS in the schema).

import { descriptorOtherView, EVENT_FLAG_TWO_VIEWS, headerFlags, headerSize } from './generated/accessors';

/** The next view of the event, or the next event, which the size of the last view leads to. */
// @ts-ignore: decorator
@inline export function nextView(event: u32): u32 {
  return (headerFlags(event) & EVENT_FLAG_TWO_VIEWS) != 0 ? descriptorOtherView(event) : event + headerSize(event);
}
