// Blocks are not trusted when they are restored: nothing is read or written outside of them, whatever lengths they
// have.

#include "journal/block_packing.h"

#include <array>
#include <cstring>

#include "records/kernel_layout.h"

namespace wasprey {
namespace {

/** Sequence numbers count by processor; those with the same place in the array have differences to each other. */
constexpr size_t kProcessors = 256;

constexpr size_t Padded(size_t size) { return (size + 7) & ~size_t{7}; }

enum class Direction : uint8_t { kToDifferences, kFromDifferences };

/** Members of headers that differ little from record to record, of one block. */
class Differences {
 public:
  explicit Differences(Direction direction) : direction_(direction) {}

  /** Of records, one after the other, in place. False if one of them does not fit. */
  bool Apply(std::span<uint8_t> records) {
    while (!records.empty()) {
      if (records.size() < sizeof(event_header)) return false;
      event_header header;
      memcpy(&header, records.data(), sizeof header);
      if (header.size < sizeof header || header.size % 8 != 0 || header.size > records.size()) return false;
      Step(&header.time, &time_);
      Step(&header.image, &image_);
      Step(&header.sequence, &sequences_[header.cpu % kProcessors]);
      memcpy(records.data(), &header, sizeof header);
      records = records.subspan(header.size);
    }
    return true;
  }

 private:
  template <typename Member>
  void Step(Member* member, uint64_t* before) const {
    const uint64_t given = *member;
    *member = direction_ == Direction::kToDifferences ? given - *before : given + *before;
    *before = direction_ == Direction::kToDifferences ? given : *member;
  }

  Direction direction_;
  uint64_t time_ = 0;
  uint64_t image_ = 0;
  std::array<uint64_t, kProcessors> sequences_{};
};

BlockEntry EntryOf(const uint8_t* at) {
  BlockEntry entry;
  memcpy(&entry, at, sizeof entry);
  return entry;
}

bool IsEvents(const BlockEntry& entry) { return entry.kind == BlockEntry::kEvents && entry.length % 8 == 0; }

}  // namespace

void NoteTypes(std::span<const uint8_t> records, std::span<uint8_t> types) {
  while (!records.empty()) {
    event_header header;
    memcpy(&header, records.data(), sizeof header);
    if (header.type / 8 < types.size()) types[header.type / 8] |= 1 << header.type % 8;
    records = records.subspan(header.size);
  }
}

std::optional<size_t> ArrangeBlock(std::span<const uint8_t> block, std::span<uint8_t> into, std::span<uint8_t> types) {
  if (into.size() != block.size()) return std::nullopt;
  size_t events = 0;
  size_t at = 0;
  for (; block.size() - at >= sizeof(BlockEntry);) {
    const BlockEntry entry = EntryOf(block.data() + at);
    at += sizeof entry;
    if (Padded(entry.length) > block.size() - at) return std::nullopt;
    if (IsEvents(entry)) events += entry.length;
    at += Padded(entry.length);
  }
  if (at != block.size() || events == 0) return std::nullopt;
  Differences differences(Direction::kToDifferences);
  size_t rest_to = 0;
  size_t events_to = block.size() - events;
  for (at = 0; at < block.size();) {
    const BlockEntry entry = EntryOf(block.data() + at);
    memcpy(into.data() + rest_to, block.data() + at, sizeof entry);
    rest_to += sizeof entry;
    at += sizeof entry;
    const size_t length = Padded(entry.length);
    if (IsEvents(entry)) {
      memcpy(into.data() + events_to, block.data() + at, length);
      if (!differences.Apply(into.subspan(events_to, length))) return std::nullopt;
      NoteTypes(into.subspan(events_to, length), types);
      events_to += length;
    } else {
      memcpy(into.data() + rest_to, block.data() + at, length);
      rest_to += length;
    }
    at += length;
  }
  return block.size() - events;
}

bool RestoreBlock(std::span<const uint8_t> arranged, size_t events_at, std::span<uint8_t> into, EntryChecks* checks) {
  if (into.size() != arranged.size() || events_at > arranged.size()) return false;
  Differences differences(Direction::kFromDifferences);
  size_t events_from = events_at;
  size_t to = 0;
  for (size_t at = 0; at < events_at;) {
    if (events_at - at < sizeof(BlockEntry)) return false;
    const BlockEntry entry = EntryOf(arranged.data() + at);
    memcpy(into.data() + to, arranged.data() + at, sizeof entry);
    at += sizeof entry;
    to += sizeof entry;
    const size_t length = Padded(entry.length);
    size_t* const from = IsEvents(entry) ? &events_from : &at;
    const size_t end = IsEvents(entry) ? arranged.size() : events_at;
    if (length > end - *from) return false;
    memcpy(into.data() + to, arranged.data() + *from, length);
    if (IsEvents(entry) && !differences.Apply(into.subspan(to, length))) return false;
    checks->Add(entry.kind, into.subspan(to, entry.length));
    *from += length;
    to += length;
  }
  return events_from == arranged.size();
}

}  // namespace wasprey
