// Reading events in batches: finds complete records, and fills in the members known to user space.
#pragma once

#include <cstdint>
#include <span>

#include "completing/completion.h"
#include "images/image_table.h"
#include "reading/ring_reader.h"
#include "source/event_source.h"
#include "source/plan.h"

namespace wasprey {

class BatchReader {
 public:
  /** Of a source that is open. */
  BatchReader(const Plan& plan, SourceMemory* memory, Completion* completion, ImageTable* images);

  /**
   * Reads complete records, and writes the addresses of events to evaluate as pairs [from, to). Returns the number of
   * pairs. Their records stay until Release().
   */
  size_t Read(std::span<uint32_t> segments);
  /** Returns the room of the last batch to the kernel. */
  void Release();
  /** Whether there is a batch that was not released. */
  bool HasBatch() const { return has_batch_; }

  /** Adds the process images that the kernel has sent since. */
  void DrainImages();

  const RingReader& rings() const { return rings_; }

 private:
  SourceMemory* memory_;
  Completion* completion_;
  ImageTable* images_;
  RingReader rings_;
  bool has_batch_ = false;
};

}  // namespace wasprey
