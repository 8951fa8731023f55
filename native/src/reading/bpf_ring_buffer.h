// The consumer's side of a BPF_MAP_TYPE_RINGBUF: records are read in place, without libbpf's callback per record.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "system/memory_map.h"

namespace wasprey {

class BpfRingBuffer {
 public:
  /** Maps ring buffer `fd` of `bytes` data (a power of two). */
  static Result<BpfRingBuffer> Map(int fd, size_t bytes, const char* what);

  /**
   * Gives each committed record to `visit(const uint8_t* data, size_t size)` and then its room back to the kernel.
   * Stops at one that is reserved but not committed yet.
   */
  template <typename Visit>
  void Drain(Visit visit) {
    uint64_t position = position_;
    // The reader keeps its own position: another process may have written to the word that the kernel reads.
    if (__atomic_load_n(consumer(), __ATOMIC_RELAXED) != position) {
      moved_++;
      __atomic_store_n(consumer(), position, __ATOMIC_RELEASE);
    }
    const uint64_t end = __atomic_load_n(producer(), __ATOMIC_ACQUIRE);
    while (position < end) {
      const std::byte* const header = data() + (position & mask_);
      const uint32_t word = __atomic_load_n(reinterpret_cast<const uint32_t*>(header), __ATOMIC_ACQUIRE);
      if ((word & kBusy) != 0) break;
      const uint32_t size = word & ~(kBusy | kDiscarded);
      if ((word & kDiscarded) == 0) visit(RecordAt((position + kHeader) & mask_, size), size_t{size});
      position += (size + kHeader + 7) & ~uint64_t{7};
      position_ = position;
      __atomic_store_n(consumer(), position, __ATOMIC_RELEASE);
    }
  }

  /** How often somebody else has moved the reader's position; it was restored. */
  uint64_t moved() const { return moved_; }

  /** Bytes that wait to be read. */
  uint64_t Pending() const { return __atomic_load_n(producer(), __ATOMIC_ACQUIRE) - *consumer(); }

 protected:
  // include/uapi/linux/bpf.h: BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT, BPF_RINGBUF_HDR_SZ
  static constexpr uint32_t kBusy = 1u << 31;
  static constexpr uint32_t kDiscarded = 1u << 30;
  static constexpr uint64_t kHeader = 8;

  uint64_t* consumer() const { return reinterpret_cast<uint64_t*>(consumer_.data()); }
  uint64_t* producer() const { return reinterpret_cast<uint64_t*>(producer_.data()); }
  std::byte* data() const { return producer_.data() + page_; }

  /** A record's bytes: in place, or joined if they wrap to the ring's start. A header never wraps. */
  const uint8_t* RecordAt(uint64_t offset, size_t size) {
    const auto* const bytes = reinterpret_cast<const uint8_t*>(data());
    const size_t here = mask_ + 1 - offset;
    if (size <= here) return bytes + offset;
    wrapped_.resize(size);
    memcpy(wrapped_.data(), bytes + offset, here);
    memcpy(wrapped_.data() + here, bytes, size - here);
    return wrapped_.data();
  }

  Mapping consumer_;
  /**
   * The producer's page and then the data. Once: the kernel offers it twice, so that no record is in two parts, but
   * each of its pages counts towards this process's RSS as often as it is mapped (8 MB for the lifecycle ring).
   */
  Mapping producer_;
  /** Copy of a record that wraps to the ring's start: one of some thousand. */
  std::vector<uint8_t> wrapped_;
  uint64_t mask_ = 0;
  size_t page_ = 0;
  uint64_t position_ = 0;
  uint64_t moved_ = 0;
};

/** The same without a kernel: the builder writes what BPF would. */
class BuilderRingBuffer : public BpfRingBuffer {
 public:
  static Result<BuilderRingBuffer> Make(size_t bytes);
  /** False when there is no room. */
  bool Write(const uint8_t* record, size_t size);
};

}  // namespace wasprey
