#include "journal/block_replay.h"

#include <cstring>
#include <string>

#include "capture/capture.h"
#include "capture/event_types.h"
#include "images/image_log.h"

namespace wasprey {
namespace {

/** Events that are put into the ring at once: few enough for the second-level cache and the ring of a replay. */
constexpr uint64_t kStretchBytes = 192 << 10;

/**
 * The same in recorded time. Images outlive their processes by half a second (housekeeping.cc), counted from when
 * events of them are read: a longer stretch would keep them longer than when it was recorded.
 */
constexpr uint64_t kStretchNs = 400'000'000;

constexpr size_t Padded(size_t size) { return (size + 7) & ~size_t{7}; }

constexpr bool IsSizeOfRecord(uint32_t size) {
  return size >= sizeof(event_header) && size <= LONGEST_RECORD && size % 8 == 0;
}

Error Invalid(const char* what) { return Error{"CAPTURE_RECORD", what, ""}; }

BlockEntry EntryAt(std::span<const uint8_t> block, size_t at) {
  BlockEntry entry;
  memcpy(&entry, block.data() + at, sizeof entry);
  return entry;
}

event_header HeaderAt(const uint8_t* record) {
  event_header header;
  memcpy(&header, record, sizeof header);
  return header;
}

Result<uint64_t> CheckEvents(std::span<const uint8_t> records) {
  uint64_t events = 0;
  while (!records.empty()) {
    if (records.size() < sizeof(event_header)) return Invalid("an event is cut off");
    const event_header header = HeaderAt(records.data());
    const Shape shape = ShapeOf(header.type);
    if (shape == Shape::kNone) return Invalid("an event has an unknown type");
    if (!IsSizeOfRecord(header.size) || header.size < FixedSize(shape) || header.size > records.size()) {
      return Invalid("an event has an impossible size");
    }
    records = records.subspan(header.size);
    events++;
  }
  return events;
}

Status CheckImages(std::span<const uint8_t> log) {
  while (!log.empty()) {
    const auto image = ImageLog::Read(log);
    if (!image) return Invalid("a process image is cut off");
    log = log.subspan(image->size);
  }
  return std::nullopt;
}

}  // namespace

void EntryChecks::Add(uint32_t kind, std::span<const uint8_t> body) {
  if (invalid_) return;
  switch (kind) {
    case BlockEntry::kStep:
      if (body.size() != 16) invalid_ = Invalid("a step has another size");
      break;
    case BlockEntry::kImages:
      invalid_ = CheckImages(body);
      break;
    case BlockEntry::kContainer:
      break;
    case BlockEntry::kEvents: {
      auto counted = CheckEvents(body);
      if (counted) {
        events_ += *counted;
      } else {
        invalid_ = std::move(counted.error());
      }
      break;
    }
    default:
      invalid_ = Invalid("an entry has an unknown kind");
  }
}

Result<uint64_t> CheckBlock(std::span<const uint8_t> block) {
  EntryChecks checks;
  for (size_t at = 0; at < block.size();) {
    if (block.size() - at < sizeof(BlockEntry)) return Invalid("an entry is cut off");
    const BlockEntry entry = EntryAt(block, at);
    at += sizeof entry;
    if (entry.length > block.size() - at) return Invalid("an entry is cut off");
    checks.Add(entry.kind, block.subspan(at, entry.length));
    at += Padded(entry.length);
  }
  return checks.events();
}

Status Capture::ReplayBlock(std::span<const uint8_t> block, WantedTypes wanted, BlockProgress* progress) {
  uint64_t stretch = 0;
  uint64_t began = progress->clock;
  while (progress->position < block.size()) {
    if (progress->events_end == 0) {
      if (block.size() - progress->position < sizeof(BlockEntry)) return Invalid("an entry is cut off");
      const BlockEntry entry = EntryAt(block, progress->position);
      const size_t body_at = progress->position + sizeof entry;
      if (entry.length > block.size() - body_at) return Invalid("an entry is cut off");
      const auto body = block.subspan(body_at, entry.length);
      switch (entry.kind) {
        case BlockEntry::kStep: {
          if (body.size() != 16) return Invalid("a step has another size");
          uint64_t clock;
          uint32_t flags;
          memcpy(&clock, body.data(), sizeof clock);
          memcpy(&flags, body.data() + 8, sizeof flags);
          // Events of another moment are not mixed with those before.
          if (stretch > 0 && clock - began > kStretchNs) return std::nullopt;
          if (stretch == 0) began = clock;
          progress->clock = clock;
          progress->snapshot_complete = flags & 1;
          break;
        }
        case BlockEntry::kImages:
          if (auto failed = ReplayRecorded({progress->clock, progress->snapshot_complete != 0, body, {}}))
            return failed;
          break;
        case BlockEntry::kContainer:
          return std::nullopt;
        case BlockEntry::kEvents:
          housekeeping_.AdvanceTo(progress->clock);
          KeepHouse();
          progress->position = body_at;
          progress->events_end = body_at + body.size();
          continue;
        default:
          return Invalid("an entry has an unknown kind");
      }
      progress->position = body_at + Padded(entry.length);
      continue;
    }
    if (progress->events_end > block.size()) return Invalid("an entry is cut off");
    while (progress->position < progress->events_end) {
      if (stretch >= kStretchBytes) return std::nullopt;
      const uint8_t* const record = block.data() + progress->position;
      const uint64_t rest = progress->events_end - progress->position;
      if (rest < sizeof(event_header)) return Invalid("an event is cut off");
      const event_header header = HeaderAt(record);
      if (!IsSizeOfRecord(header.size) || header.size > rest) return Invalid("an event has an impossible size");
      if (header.type < wanted.size() && wanted[header.type] != 0) {
        if (!builder_->PutRecorded(record, header.size, header.type))
          return Invalid("there are too many events at once");
        stretch += header.size;
        progress->injected++;
      } else {
        progress->skipped++;
      }
      progress->position += header.size;
    }
    progress->position = Padded(progress->events_end);
    progress->events_end = 0;
  }
  return std::nullopt;
}

}  // namespace wasprey
