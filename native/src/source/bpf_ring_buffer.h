// The consumer's side of a BPF_MAP_TYPE_RINGBUF: records are read in place, without libbpf's callback per record.
#pragma once

#include <cstdint>
#include <utility>

#include "system/mapped_window.h"
#include "system/memory_map.h"

namespace wasprey {

class BpfRingBuffer {
 public:
  /** Maps ring buffer `fd` of `bytes` data (a power of two). */
  static Result<BpfRingBuffer> Map(int fd, size_t bytes, const char* what);

  /**
   * Gives each committed record to `visit(const uint8_t* data, size_t size)` and then its room back to the kernel.
   * Stops at one that is reserved but not committed yet, or that the kernel refuses to map.
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
      const std::byte* const header = records_.At(position & mask_, kHeader);
      if (header == nullptr) break;
      const uint32_t word = __atomic_load_n(reinterpret_cast<const uint32_t*>(header), __ATOMIC_ACQUIRE);
      if ((word & kBusy) != 0) break;
      const uint32_t size = word & ~(kBusy | kDiscarded);
      if ((word & kDiscarded) == 0) {
        const std::byte* const record = records_.At((position + kHeader) & mask_, size);
        if (record == nullptr) break;
        visit(reinterpret_cast<const uint8_t*>(record), size_t{size});
      }
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

  /** What is mapped of the data: nine of the longest images. */
  static constexpr size_t kWindow = 256 << 10;

  uint64_t* consumer() const { return reinterpret_cast<uint64_t*>(consumer_.data()); }
  const uint64_t* producer() const { return reinterpret_cast<const uint64_t*>(producer_.data()); }

  static Result<BpfRingBuffer> Map(int fd, size_t bytes, size_t window, const char* what);

  Mapping consumer_;
  Mapping producer_;
  /** The data, twice one after the other, so that no record is in two parts. */
  MappedWindow records_;
  uint64_t mask_ = 0;
  uint64_t position_ = 0;
  uint64_t moved_ = 0;
};

/** The same without a kernel: the builder writes what BPF would. */
class BuilderRingBuffer : public BpfRingBuffer {
 public:
  static Result<BuilderRingBuffer> Make(size_t bytes);
  /** False when there is no room. */
  bool Write(const uint8_t* record, size_t size);

 private:
  BuilderRingBuffer(BpfRingBuffer ring, Mapping written, size_t page)
      : BpfRingBuffer(std::move(ring)), written_(std::move(written)), page_(page) {}

  /** The whole file. */
  Mapping written_;
  size_t page_;
};

}  // namespace wasprey
