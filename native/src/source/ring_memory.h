// The event rings' memory: what the sandbox reads, and what the addon completes in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "records/kernel_layout.h"
#include "source/plan.h"
#include "system/mapped_window.h"
#include "system/memory_map.h"

namespace wasprey {

/**
 * The addon reads records where the sandbox does, by the read-only mapping. Only while it completes one does it need to
 * write, by a window of each ring elsewhere: no mapping that modules can reach is ever writable.
 */
class RingMemory {
 public:
  RingMemory() = default;
  enum class Writes {
    /** The kernel fills in all that is mapped: little is, and the file stays open. */
    kByWindow,
    /** Of a file whose pages are there once they are touched. */
    kAnywhere,
  };
  /**
   * Maps the rings of `fd`, one after the other, over those of the plan in `sandbox`. `ring_stride` may be less than
   * planned.
   */
  static Result<RingMemory> Map(const Plan& plan, uint32_t ring_stride, std::byte* sandbox, int fd, Writes writes);

  /** The sandbox's address 0. */
  const std::byte* sandbox() const { return view_.data() - address_; }
  /** The rings, of the first CPU on. */
  const std::byte* data() const { return view_.data(); }

  /**
   * The record of `size` bytes, LONGEST_RECORD at most, at an address of the sandbox: to write, until the next call.
   * Null if the kernel refuses to map it.
   */
  std::byte* ToWrite(uint32_t address, uint32_t size) {
    const uint32_t offset = address - address_;
    return windows_[offset / stride_].At(offset % stride_, size);
  }

 private:
  SandboxView view_;
  uint32_t address_ = 0;
  uint32_t stride_ = 0;
  /** Of each ring. */
  std::vector<MappedWindow> windows_;
};

}  // namespace wasprey
