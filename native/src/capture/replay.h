// Replaying a recording: its data is added in place of the kernel's, in the order in which it was recorded.
#pragma once

#include <cstdint>
#include <span>

#include "capture/housekeeping.h"
#include "images/image_table.h"
#include "reading/ring_reader.h"
#include "records/kernel_layout.h"
#include "source/builder_source.h"
#include "system/result.h"

namespace wasprey {

/** A step of a recording: see Capture.replay() in host/capture/native.ts. */
struct ReplayStep {
  uint64_t clock;
  bool snapshot_complete;
  std::span<const uint8_t> images;
  std::span<const uint8_t> events;
};

/** The array that Capture.replayBlock() gets: host/schema/block-progress.ts. */
using BlockProgress = block_progress;

/** Which events are replayed: by the number of their type, anything but 0. */
using WantedTypes = std::span<const uint8_t>;

class Replay {
 public:
  /** `builder` is the source; null: nothing can be replayed. */
  Replay(ImageTable* images, BuilderSource* builder, Housekeeping* housekeeping)
      : images_(images), builder_(builder), housekeeping_(housekeeping) {}

  /** Adds the images of a step, then puts its events into the ring. */
  Status Step(const ReplayStep& step, const RingReader& rings);
  /**
   * The same for the entries of an unpacked block from `progress` on, without a call of JavaScript for each. Ends early
   * at an entry of a container, which the caller handles, and when as many events as a batch should have are in the
   * ring.
   */
  Status Block(std::span<const uint8_t> block, WantedTypes wanted, const RingReader& rings, BlockProgress* progress);

 private:
  /** The events that one call of Block() has put into the ring. */
  struct Stretch {
    uint64_t bytes = 0;
    /** Recorded time of the first ones. */
    uint64_t began = 0;
  };
  /** An error, or whether the call goes on. */
  Result<bool> Entry(std::span<const uint8_t> block, const RingReader& rings, Stretch* stretch,
                     BlockProgress* progress);
  Result<bool> Events(std::span<const uint8_t> block, WantedTypes wanted, Stretch* stretch, BlockProgress* progress);
  Status AddImages(std::span<const uint8_t> log);
  void AdvanceTo(uint64_t clock, const RingReader& rings);

  ImageTable* images_;
  BuilderSource* builder_;
  Housekeeping* housekeeping_;
  /** Of the recording that is replayed: how often one was complete. */
  uint32_t snapshots_ = 0;
};

}  // namespace wasprey
