// Layout of the mapping: kernel/bpf/ringbuf.c. One page of the consumer, one of the producer, the data twice.

#include "bpf_ring_buffer.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace wasprey {

Result<BpfRingBuffer> BpfRingBuffer::Map(int fd, size_t bytes, const char* what) {
  BpfRingBuffer ring;
  ring.page_ = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  ring.mask_ = bytes - 1;
  auto consumer = Mapping::Map(fd, ring.page_, PROT_READ | PROT_WRITE, 0, what);
  if (!consumer) return std::move(consumer.error());
  auto producer = Mapping::Map(fd, ring.page_ + 2 * bytes, PROT_READ, ring.page_, what);
  if (!producer) return std::move(producer.error());
  ring.consumer_ = std::move(*consumer);
  ring.producer_ = std::move(*producer);
  return ring;
}

Result<BuilderRingBuffer> BuilderRingBuffer::Make(size_t bytes) {
  BuilderRingBuffer ring;
  ring.page_ = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  ring.mask_ = bytes - 1;
  auto file = MakeMemoryFile("wasprey-lifecycle", 2 * ring.page_ + 2 * bytes);
  if (!file) return std::move(file.error());
  auto consumer = Mapping::Map(file->get(), ring.page_, PROT_READ | PROT_WRITE, 0, "lifecycle ring");
  if (!consumer) return std::move(consumer.error());
  auto producer =
      Mapping::Map(file->get(), ring.page_ + 2 * bytes, PROT_READ | PROT_WRITE, ring.page_, "lifecycle ring");
  if (!producer) return std::move(producer.error());
  void* const again = mmap(producer->data() + ring.page_ + bytes, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                           file->get(), static_cast<off_t>(2 * ring.page_));
  if (again == MAP_FAILED) return Error{"CAPTURE_MEMORY", "Cannot map the lifecycle ring.", ErrnoText(errno)};
  ring.consumer_ = std::move(*consumer);
  ring.producer_ = std::move(*producer);
  return ring;
}

bool BuilderRingBuffer::Write(const uint8_t* record, size_t size) {
  const uint64_t room = (size + kHeader + 7) & ~uint64_t{7};
  const uint64_t position = *producer();
  if (position - *consumer() + room > mask_ + 1) return false;
  std::byte* const header = data() + (position & mask_);
  memcpy(header + kHeader, record, size);
  const auto word = static_cast<uint32_t>(size);
  memcpy(header, &word, sizeof word);
  __atomic_store_n(producer(), position + room, __ATOMIC_RELEASE);
  return true;
}

}  // namespace wasprey
