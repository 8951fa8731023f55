// Replaying: a recording's data is added in place of the kernel's, in the order in which it was recorded.
#pragma once

#include <cstdint>
#include <span>

#include "capture/builder_source.h"
#include "images/image_table.h"

namespace wasprey {

/** A step of a recording: see Capture.replay() in host/capture/native.ts. */
struct ReplayStep {
  uint64_t clock;
  bool snapshot_complete;
  std::span<const uint8_t> images;
  std::span<const uint8_t> events;
};

/** Adds the images of a step, then puts its events into the ring. */
Status Replay(const ReplayStep& step, ImageTable* images, BuilderSource* builder);

}  // namespace wasprey
