// Does in memory what native/bpf does in the kernel: the same reservation, the same commit word, the same doorbell.

#include "source/builder_source.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "system/random.h"

namespace wasprey {
namespace {

constexpr size_t kLifecycleBytes = 8 << 20;

Status CheckSize(size_t size) {
  if (size >= sizeof(event_header) && size <= LONGEST_RECORD && size % 8 == 0) return std::nullopt;
  return Error{
      "CAPTURE_RECORD",
      "An event record must have between 64 and " + std::to_string(LONGEST_RECORD) + " bytes, a multiple of 8.", ""};
}

}  // namespace

Status BuilderSource::Open(const std::vector<std::string>& /*event_types*/) {
  auto file = MakeMemoryFile("wasprey-rings", plan_.ring_bytes());
  if (!file) return std::move(file.error());
  auto rings = RingMemory::Map(plan_, plan_.ring_stride, sandbox_, file->get(), RingMemory::Writes::kAnywhere);
  if (!rings) return std::move(rings.error());
  auto lifecycle = BuilderRingBuffer::Make(kLifecycleBytes);
  if (!lifecycle) return std::move(lifecycle.error());
  doorbell_ = FileDescriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!doorbell_) return SystemError("CAPTURE_MEMORY", "Cannot make an eventfd.", errno);
  controls_ = std::make_unique<ring_control[]>(plan_.cpus);
  shared_ = std::make_unique<capture_shared>();
  lifecycle_ = std::make_unique<BuilderRingBuffer>(std::move(*lifecycle));
  memory_ = {std::move(*rings), plan_.ring_size, plan_.ring_stride, controls_.get(),
             shared_.get(),     RandomSecret(),  lifecycle_.get()};
  return std::nullopt;
}

Status BuilderSource::Start(const std::function<void()>& /*drain*/) { return std::nullopt; }

Status BuilderSource::Attach(const std::vector<std::string>& /*event_types*/) { return std::nullopt; }

Status BuilderSource::UseFilter(int map) {
  if (map < 0) return std::nullopt;
  return Error{"CAPTURE_FILTER", "A builder has no kernel filter.", ""};
}

void BuilderSource::ClearDoorbell() {
  uint64_t count;
  static_cast<void>(!read(doorbell_.get(), &count, sizeof count));
}

Status BuilderSource::Inject(const uint8_t* record, size_t size) {
  event_header header;
  if (auto failed = CheckSize(size)) return failed;
  memcpy(&header, record, sizeof header);
  if (header.cpu >= plan_.cpus) {
    return Error{"CAPTURE_RECORD", "Unknown CPU " + std::to_string(header.cpu) + ".", ""};
  }
  if (header.size != size && header.size >= sizeof header && header.size <= LONGEST_RECORD && header.size % 8 == 0) {
    // Otherwise the reader would continue within the record. BPF writes the size it has reserved.
    return Error{"CAPTURE_RECORD", "The size of the record is not that of its bytes.", ""};
  }
  header.sequence = controls_[header.cpu].sequence + 1;
  const auto position = Reserve(header.cpu, header, record, size);
  if (position) CommitAt(header.cpu, *position);
  return std::nullopt;
}

Status BuilderSource::InjectRecorded(const uint8_t* record, size_t size) {
  event_header header;
  if (auto failed = CheckSize(size)) return failed;
  memcpy(&header, record, sizeof header);
  if (header.size != size) return Error{"CAPTURE_RECORD", "The size of the record is not that of its bytes.", ""};
  if (!PutRecorded(record, header.size, header.type)) return Error{"CAPTURE_RECORD", "Too many events at once.", ""};
  return std::nullopt;
}

bool BuilderSource::PutRecorded(const uint8_t* record, uint32_t size, uint32_t type) {
  ring_control& control = controls_[0];
  control.sequence++;
  const uint64_t position = control.head;
  if (!HasRoom(control)) {
    control.dropped[type < EVENT_TYPE_COUNT ? type : 0]++;
    return false;
  }
  std::byte* const place = PlaceOf(0, position);
  memcpy(place, record, size);
  // The thread that replays is the one that polls: nobody has to be woken, and no order has to hold among CPUs.
  reinterpret_cast<event_header*>(place)->commit = position + memory_.secret;
  __atomic_store_n(&control.head, position + size, __ATOMIC_RELEASE);
  return true;
}

std::byte* BuilderSource::PlaceOf(uint32_t cpu, uint64_t position) {
  const auto offset = static_cast<uint32_t>(position & (plan_.ring_size - 1));
  return memory_.rings.ToWrite(plan_.rings_address + plan_.ring_stride * cpu + offset, LONGEST_RECORD);
}

/** For any record. */
bool BuilderSource::HasRoom(const ring_control& control) const {
  return control.head + LONGEST_RECORD - __atomic_load_n(&control.tail, __ATOMIC_ACQUIRE) <= plan_.ring_size;
}

/** Position of the record in that ring, not committed yet; nothing if there is no room, which is counted. */
std::optional<uint64_t> BuilderSource::Reserve(uint32_t cpu, event_header header, const uint8_t* record, size_t size) {
  ring_control& control = controls_[cpu];
  control.sequence++;
  const uint64_t position = control.head;
  if (!HasRoom(control)) {
    control.dropped[header.type < EVENT_TYPE_COUNT ? header.type : 0]++;
    return std::nullopt;
  }
  std::byte* const place = PlaceOf(cpu, position);
  header.commit = 0;
  memcpy(place, &header, sizeof header);
  memcpy(place + sizeof header, record + sizeof header, size - sizeof header);
  __atomic_store_n(&control.head, position + size, __ATOMIC_RELEASE);
  return position;
}

void BuilderSource::CommitAt(uint32_t cpu, uint64_t position) {
  std::byte* const place = PlaceOf(cpu, position);
  auto* header = reinterpret_cast<event_header*>(place);
  __atomic_store_n(&header->commit, position + memory_.secret, __ATOMIC_SEQ_CST);
  if (__atomic_exchange_n(&shared_->consumer_waiting, 0, __ATOMIC_SEQ_CST) != 0) {
    const uint64_t one = 1;
    static_cast<void>(!write(doorbell_.get(), &one, sizeof one));
  }
}

void BuilderSource::InjectImage(const uint8_t* record, size_t size) {
  if (!lifecycle_->Write(record, size)) __atomic_fetch_add(&shared_->images_lost, 1, __ATOMIC_RELAXED);
}

}  // namespace wasprey
