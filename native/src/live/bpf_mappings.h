// The maps of the BPF programs that the addon reads and writes in place: rings, control words, doorbell.
#pragma once

#include <cstddef>
#include <cstdint>

#include "loading/bpf_object.h"
#include "source/bpf_ring_buffer.h"
#include "source/event_source.h"
#include "source/plan.h"
#include "system/memory_map.h"
#include "system/result.h"

namespace wasprey {

/** From one ring to the next, for rings of that size. */
uint32_t RingStride(uint32_t ring_size);

class BpfMappings {
 public:
  /** Maps those of a loaded object: the rings over those of the plan in `sandbox`. `memory` has their size and stride,
   * and gets where all are. */
  Status Map(const Plan& plan, std::byte* sandbox, const BpfObject& object, SourceMemory* memory);
  void ClearDoorbell() {
    doorbell_.Drain([](const uint8_t*, size_t) {});
  }

 private:
  Mapping controls_;
  Mapping shared_;
  BpfRingBuffer lifecycle_;
  BpfRingBuffer doorbell_;
};

}  // namespace wasprey
