// Layout of the mapping: kernel/bpf/ringbuf.c. One page of the consumer, one of the producer, the data (and the data
// again).

#include "reading/bpf_ring_buffer.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace wasprey {

Result<BpfRingBuffer> BpfRingBuffer::Map(int fd, size_t bytes, const char* what) {
  BpfRingBuffer ring;
  ring.page_ = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  ring.mask_ = bytes - 1;
  auto consumer = Mapping::Map(fd, ring.page_, PROT_READ | PROT_WRITE, 0, what);
  if (!consumer) return std::move(consumer.error());
  auto producer = Mapping::Map(fd, ring.page_ + bytes, PROT_READ, ring.page_, what);
  if (!producer) return std::move(producer.error());
  ring.consumer_ = std::move(*consumer);
  ring.producer_ = std::move(*producer);
  return ring;
}

Result<BuilderRingBuffer> BuilderRingBuffer::Make(size_t bytes) {
  BuilderRingBuffer ring;
  ring.page_ = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  ring.mask_ = bytes - 1;
  auto file = MakeMemoryFile("wasprey-lifecycle", 2 * ring.page_ + bytes);
  if (!file) return std::move(file.error());
  auto consumer = Mapping::Map(file->get(), ring.page_, PROT_READ | PROT_WRITE, 0, "lifecycle ring");
  if (!consumer) return std::move(consumer.error());
  auto producer = Mapping::Map(file->get(), ring.page_ + bytes, PROT_READ | PROT_WRITE, ring.page_, "lifecycle ring");
  if (!producer) return std::move(producer.error());
  ring.consumer_ = std::move(*consumer);
  ring.producer_ = std::move(*producer);
  return ring;
}

bool BuilderRingBuffer::Write(const uint8_t* record, size_t size) {
  const uint64_t room = (size + kHeader + 7) & ~uint64_t{7};
  const uint64_t position = *producer();
  if (position - *consumer() + room > mask_ + 1) return false;
  const uint64_t offset = (position + kHeader) & mask_;
  const size_t here = std::min<size_t>(size, mask_ + 1 - offset);
  memcpy(data() + offset, record, here);
  memcpy(data(), record + here, size - here);
  const auto word = static_cast<uint32_t>(size);
  memcpy(data() + (position & mask_), &word, sizeof word);
  __atomic_store_n(producer(), position + room, __ATOMIC_RELEASE);
  return true;
}

}  // namespace wasprey
