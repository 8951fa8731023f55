#include "journal/block_entries.h"

#include <cstring>
#include <string>

#include "images/image_log.h"
#include "records/event_types.h"

namespace wasprey {
namespace {

Result<uint64_t> CheckEvents(std::span<const uint8_t> records) {
  uint64_t events = 0;
  while (!records.empty()) {
    if (records.size() < sizeof(event_header)) return InvalidBlock("an event is cut off");
    const event_header header = HeaderAt(records.data());
    const Shape shape = ShapeOf(header.type);
    if (shape == Shape::kNone) return InvalidBlock("an event has an unknown type");
    if (!IsSizeOfRecord(header.size) || header.size < FixedSize(shape) || header.size > records.size()) {
      return InvalidBlock("an event has an impossible size");
    }
    records = records.subspan(header.size);
    events++;
  }
  return events;
}

Status CheckImages(std::span<const uint8_t> log) {
  while (!log.empty()) {
    const auto image = ImageLog::Read(log);
    if (!image) return InvalidBlock("a process image is cut off");
    log = log.subspan(image->size);
  }
  return std::nullopt;
}

}  // namespace

void EntryChecks::Add(uint32_t kind, std::span<const uint8_t> body) {
  if (invalid_) return;
  switch (kind) {
    case BlockEntry::kStep:
      if (body.size() != 16) invalid_ = InvalidBlock("a step has another size");
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
      invalid_ = InvalidBlock("an entry has an unknown kind");
  }
}

Result<uint64_t> CheckBlock(std::span<const uint8_t> block) {
  EntryChecks checks;
  for (size_t at = 0; at < block.size();) {
    if (block.size() - at < sizeof(BlockEntry)) return InvalidBlock("an entry is cut off");
    const BlockEntry entry = EntryAt(block, at);
    at += sizeof entry;
    if (entry.length > block.size() - at) return InvalidBlock("an entry is cut off");
    checks.Add(entry.kind, block.subspan(at, entry.length));
    at += PaddedLength(entry.length);
  }
  return checks.events();
}

}  // namespace wasprey
