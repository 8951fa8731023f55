// A recording is not trusted: what it says is checked at each step.

#include "capture/replay.h"

#include <cstring>

#include "images/image_log.h"
#include "journal/block_entries.h"

namespace wasprey {
namespace {

/** A recording has one. Each is linked at the cost of all images; a hostile recording would have one with each image.
 */
constexpr uint32_t kMostSnapshots = 16;

/** Events that are put into the ring at once: few enough for the second-level cache and the ring of a replay. */
constexpr uint64_t kStretchBytes = 192 << 10;

/**
 * The same in recorded time. Images outlive their processes by half a second (housekeeping.cc), counted from when
 * events of them are read: a longer stretch would keep them longer than when it was recorded.
 */
constexpr uint64_t kStretchNs = 400'000'000;

/** The body of an entry of kStep. */
struct StepBody {
  uint64_t clock;
  uint32_t flags;
  uint32_t zero;
};
static_assert(sizeof(StepBody) == 16);

}  // namespace

void Replay::AdvanceTo(uint64_t clock, const RingReader& rings) {
  housekeeping_->AdvanceTo(clock);
  housekeeping_->Run(rings);
}

Status Replay::AddImages(std::span<const uint8_t> log) {
  while (!log.empty()) {
    const auto image = ImageLog::Read(log);
    if (!image) return Error{"CAPTURE_RECORD", "A process image of the recording is invalid.", ""};
    images_->Add(image->record.data(), image->record.size(), &image->facts);
    log = log.subspan(image->size);
  }
  return std::nullopt;
}

Status Replay::Step(const ReplayStep& step, const RingReader& rings) {
  // Before the images, as when recorded: an image that had expired then is not the parent of a later one.
  AdvanceTo(step.clock, rings);
  const bool is_complete = step.snapshot_complete && snapshots_++ < kMostSnapshots;
  if (auto failed = AddImages(step.images)) return failed;
  if (is_complete) images_->LinkSnapshots();
  for (auto rest = step.events; !rest.empty();) {
    event_header header{};
    if (rest.size() >= sizeof header) memcpy(&header, rest.data(), sizeof header);
    // Zero if truncated: no record has that size.
    const size_t size = header.size <= rest.size() ? header.size : 0;
    if (auto failed = builder_->InjectRecorded(rest.data(), size)) return failed;
    rest = rest.subspan(size);
  }
  return std::nullopt;
}

Status Replay::Block(std::span<const uint8_t> block, WantedTypes wanted, const RingReader& rings,
                     BlockProgress* progress) {
  Stretch stretch{.began = progress->clock};
  while (progress->position < block.size()) {
    auto goes_on =
        progress->events_end == 0 ? Entry(block, rings, &stretch, progress) : Events(block, wanted, &stretch, progress);
    if (!goes_on) return std::move(goes_on.error());
    if (!*goes_on) break;
  }
  return std::nullopt;
}

/** Handles an entry, but for its events. */
Result<bool> Replay::Entry(std::span<const uint8_t> block, const RingReader& rings, Stretch* stretch,
                           BlockProgress* progress) {
  if (block.size() - progress->position < sizeof(BlockEntry)) return InvalidBlock("an entry is cut off");
  const BlockEntry entry = EntryAt(block, progress->position);
  const size_t body_at = progress->position + sizeof entry;
  if (entry.length > block.size() - body_at) return InvalidBlock("an entry is cut off");
  const auto body = block.subspan(body_at, entry.length);
  switch (entry.kind) {
    case BlockEntry::kStep: {
      StepBody step;
      if (body.size() != sizeof step) return InvalidBlock("a step has another size");
      memcpy(&step, body.data(), sizeof step);
      // Events of another moment are not mixed with those before.
      if (stretch->bytes > 0 && step.clock - stretch->began > kStretchNs) return false;
      if (stretch->bytes == 0) stretch->began = step.clock;
      progress->clock = step.clock;
      progress->snapshot_complete = step.flags & 1;
      break;
    }
    case BlockEntry::kImages:
      if (auto failed = Step({progress->clock, progress->snapshot_complete != 0, body, {}}, rings))
        return std::move(*failed);
      break;
    case BlockEntry::kContainer:
      return false;
    case BlockEntry::kEvents:
      AdvanceTo(progress->clock, rings);
      progress->position = body_at;
      progress->events_end = body_at + body.size();
      return true;
    default:
      return InvalidBlock("an entry has an unknown kind");
  }
  progress->position = body_at + PaddedLength(entry.length);
  return true;
}

/** Puts the wanted events of the entry that `progress` is in into the ring. */
Result<bool> Replay::Events(std::span<const uint8_t> block, WantedTypes wanted, Stretch* stretch,
                            BlockProgress* progress) {
  if (progress->events_end > block.size()) return InvalidBlock("an entry is cut off");
  while (progress->position < progress->events_end) {
    if (stretch->bytes >= kStretchBytes) return false;
    const uint8_t* const record = block.data() + progress->position;
    const uint64_t rest = progress->events_end - progress->position;
    if (rest < sizeof(event_header)) return InvalidBlock("an event is cut off");
    const event_header header = HeaderAt(record);
    if (!IsSizeOfRecord(header.size) || header.size > rest) return InvalidBlock("an event has an impossible size");
    if (header.type < wanted.size() && wanted[header.type] != 0) {
      if (!builder_->PutRecorded(record, header.size, header.type))
        return InvalidBlock("there are too many events at once");
      stretch->bytes += header.size;
      progress->injected++;
    } else {
      progress->skipped++;
    }
    progress->position += header.size;
  }
  progress->position = PaddedLength(progress->events_end);
  progress->events_end = 0;
  return true;
}

}  // namespace wasprey
