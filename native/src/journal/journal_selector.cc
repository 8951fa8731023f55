#include "journal/journal_selector.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

#include "records/event_types.h"

namespace wasprey {
namespace {

constexpr uint32_t kAccessMode = 3;
constexpr uint32_t kCreate = 0100;
constexpr uint32_t kTruncate = 01000;
constexpr uint32_t kTemporary = 020000000;

/** As combination_of() of native/bpf/open.bpf.c, from the record. */
uint32_t CombinationOf(const event_open& event) {
  uint32_t combination = event.open_flags & kAccessMode;
  if ((event.open_flags & kCreate) != 0) combination |= COMBINATION_CREATE;
  if ((event.open_flags & kTruncate) != 0) combination |= COMBINATION_TRUNCATE;
  if ((event.open_flags & kTemporary) != 0) combination |= COMBINATION_TEMPORARY;
  if (event.kind != 0) combination |= event.kind == 'd' ? COMBINATION_DIRECTORY : COMBINATION_FILE;
  if ((event.state & DESCRIPTOR_CREATED) != 0) combination |= COMBINATION_CREATED;
  return combination % FILTER_OPEN_COMBINATIONS;
}

/** kill(pid, signal), tkill(tid, signal), tgkill(pid, tid, signal). */
bool SignalsAnother(const event_process& event, const image& process) {
  const auto target = static_cast<uint32_t>(event.numbers[0]);
  const bool grouped = event.header.type == EVENT_TGKILL;
  const auto signal = static_cast<uint32_t>(event.numbers[grouped ? 2 : 1]);
  return signal != 0 && target != process.vpid;
}

constexpr uint64_t kCloneThread = 0x10000;

bool MakesProcess(const event_process& event) {
  return event.header.result >= 0 && (event.numbers[0] & kCloneThread) == 0;
}

constexpr uint32_t kExecutable = 4;

/** Its file is in memory, or the kernel program did not find out. */
bool MakesMemfdExecutable(const event_descriptor& event) {
  return event.header.result >= 0 && (event.mode & kExecutable) != 0 && (event.kind == 'm' || event.kind == 'o');
}

/** A name that lies outside of its record was made by completion. */
void DropMadeName(string_ref* name, uint32_t size) {
  if (!StringFits(*name, sizeof(event_header), size)) *name = {0, 0};
}

/** A member of the records of a shape. */
struct PlaceInRecord {
  Shape shape;
  uint32_t offset;
};

constexpr PlaceInRecord kOtherViews[] = {
#define PLACE(shape, record) {Shape::k##shape, offsetof(record, other_view)},
    WASPREY_VIEWED_SHAPES(PLACE)
#undef PLACE
};

constexpr PlaceInRecord kCompleted[] = {
#define PLACE(shape, record, member) {Shape::k##shape, offsetof(record, member)},
    WASPREY_COMPLETED(PLACE)
#undef PLACE
};

/** Clears what has no meaning elsewhere: as detachRecords() of host/recording/event-records.ts. */
void Detach(std::byte* record) {
  auto* header = reinterpret_cast<event_header*>(record);
  header->commit = 0;
  header->image_address = 0;
  header->flags &= ~EVENT_FLAGS_OF_READER;
  const Shape shape = ShapeOf(header->type);
  for (const PlaceInRecord& place : kOtherViews) {
    if (place.shape == shape) *reinterpret_cast<uint32_t*>(record + place.offset) = 0;
  }
  for (const PlaceInRecord& place : kCompleted) {
    if (place.shape == shape) DropMadeName(reinterpret_cast<string_ref*>(record + place.offset), header->size);
  }
}

}  // namespace

std::optional<size_t> JournalSelector::Select(std::span<const uint32_t> segments, const std::byte* memory,
                                              std::span<uint8_t> into) {
  size_t most = 0;
  for (size_t i = 0; i + 1 < segments.size(); i += 2) most += segments[i + 1] - segments[i];
  if (most > into.size()) return std::nullopt;
  noted_ = 0;
  size_t filled = 0;
  for (size_t i = 0; i + 1 < segments.size(); i += 2) {
    uint32_t size = 0;
    for (uint32_t at = segments[i]; at < segments[i + 1]; at += size) {
      const auto& header = *reinterpret_cast<const event_header*>(memory + at);
      size = header.size;
      if (!IsWanted(header)) continue;
      memcpy(into.data() + filled, memory + at, size);
      Detach(reinterpret_cast<std::byte*>(into.data() + filled));
      filled += size;
      Note(header);
    }
  }
  return filled;
}

bool JournalSelector::IsWanted(const event_header& header) const {
  if (wants_.only_captured && !images_->captured().Has(header.image_address)) return false;
  switch (wants_.types[header.type]) {
    case JOURNAL_KEEP_ALL:
      return true;
    case JOURNAL_KEEP_SUCCEEDED:
      if (header.result < 0) return false;
      return ShapeOf(header.type) != Shape::kOpen ||
             wants_.opens[CombinationOf(reinterpret_cast<const event_open&>(header))] != 0;
    case JOURNAL_KEEP_SIGNALS:
      return ShapeOf(header.type) == Shape::kProcess &&
             SignalsAnother(reinterpret_cast<const event_process&>(header), images_->At(header.image_address));
    case JOURNAL_KEEP_PROCESSES:
      return ShapeOf(header.type) == Shape::kProcess && MakesProcess(reinterpret_cast<const event_process&>(header));
    case JOURNAL_KEEP_MEMORY:
      return ShapeOf(header.type) == Shape::kDescriptor &&
             MakesMemfdExecutable(reinterpret_cast<const event_descriptor&>(header));
    default:
      return false;
  }
}

void JournalSelector::Note(const event_header& header) {
  extent_.events++;
  extent_.first = extent_.first == 0 ? header.time : std::min<uint64_t>(extent_.first, header.time);
  extent_.last = std::max<uint64_t>(extent_.last, header.time);
  if (header.image_address == noted_) return;
  noted_ = header.image_address;
  extent_.pids.insert(images_->At(noted_).pid);
  extent_.containers.emplace(containers_->FullIdOf(images_->ContainerAt(noted_)));
}

JournalExtent JournalSelector::TakeExtent() { return std::exchange(extent_, {}); }

}  // namespace wasprey
