// Layout of the mapping: kernel/bpf/ringbuf.c. One page of the consumer, one of the producer, the data (and the data
// again).

#include "source/bpf_ring_buffer.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <utility>

namespace wasprey {

Result<BpfRingBuffer> BpfRingBuffer::Map(int fd, size_t bytes, const char* what) {
  return Map(fd, bytes, kWindow, what);
}

Result<BpfRingBuffer> BpfRingBuffer::Map(int fd, size_t bytes, size_t window, const char* what) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  auto consumer = Mapping::Map(fd, page, PROT_READ | PROT_WRITE, 0, what);
  if (!consumer) return std::move(consumer.error());
  auto producer = Mapping::Map(fd, page, PROT_READ, page, what);
  if (!producer) return std::move(producer.error());
  auto records = MappedWindow::Map(fd, 2 * page, 2 * bytes, window, PROT_READ, what);
  if (!records) return std::move(records.error());
  BpfRingBuffer ring;
  ring.consumer_ = std::move(*consumer);
  ring.producer_ = std::move(*producer);
  ring.records_ = std::move(*records);
  ring.mask_ = bytes - 1;
  return ring;
}

Result<BuilderRingBuffer> BuilderRingBuffer::Make(size_t bytes) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  auto file = MakeMemoryFile("wasprey-lifecycle", 2 * (page + bytes));
  if (!file) return std::move(file.error());
  auto written = Mapping::Map(file->get(), 2 * (page + bytes), PROT_READ | PROT_WRITE, 0, "lifecycle ring");
  if (!written) return std::move(written.error());
  // A recording's records may be of any size.
  auto ring = BpfRingBuffer::Map(file->get(), bytes, 2 * bytes, "lifecycle ring");
  if (!ring) return std::move(ring.error());
  return BuilderRingBuffer(std::move(*ring), std::move(*written), page);
}

/** One that does not fit at the end goes on where the kernel would have the beginning again. */
bool BuilderRingBuffer::Write(const uint8_t* record, size_t size) {
  const uint64_t room = (size + kHeader + 7) & ~uint64_t{7};
  auto* const producer = reinterpret_cast<uint64_t*>(written_.data() + page_);
  std::byte* const data = written_.data() + 2 * page_;
  const uint64_t position = *producer;
  if (position - __atomic_load_n(consumer(), __ATOMIC_ACQUIRE) + room > mask_ + 1) return false;
  memcpy(data + ((position + kHeader) & mask_), record, size);
  const auto word = static_cast<uint32_t>(size);
  memcpy(data + (position & mask_), &word, sizeof word);
  __atomic_store_n(producer, position + room, __ATOMIC_RELEASE);
  return true;
}

}  // namespace wasprey
