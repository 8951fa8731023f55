// Changes of processes: how much memory their images may take, and those that wait because there is none.

#include <algorithm>
#include <iterator>

#include "images/image_table.h"

namespace wasprey {
namespace {

/** Who has taken less than this part of the free room has taken little. */
constexpr uint64_t kModestShare = 16;

}  // namespace

/** What was replaced before a grace began is free after it. */
uint64_t ImageTable::Count(Replaced* replaced) const {
  if (replaced->grace != graces_) {
    replaced->before = replaced->grace + 1 == graces_ ? replaced->since : 0;
    replaced->since = 0;
    replaced->grace = graces_;
  }
  if (!InGrace()) replaced->before = 0;
  return replaced->before + replaced->since;
}

/** What the changes of its process took, for an image. Threads have images of their own, and no room of their own. */
ImageTable::Replaced* ImageTable::ReplacedOf(uint32_t index) {
  const uint32_t process = IsOfThread(index) ? by_pid_.Find(Slot(index)->pid) : index;
  return &entries_[process == IdMap::kNone ? index : process].replaced;
}

/**
 * Whether the process of an image may have another one for a change. All changes together leave as much as they take,
 * and an owner, who may have many processes, leaves to others as much of that as its changes take, a process twice as
 * much (as in bpf/share.h). Where an owner has filled it nevertheless, by processes rather than
 * changes, one that has taken little goes on.
 */
bool ImageTable::MayReplace(uint32_t index) {
  const uint64_t all = Count(&replaced_);
  const uint64_t free = blocks_.capacity() - blocks_.used();
  const uint64_t left = free > all ? free - all : 0;
  const auto owner = replaced_by_.find(entries_[index].owner);
  const uint64_t owned = owner == replaced_by_.end() ? 0 : Count(&owner->second);
  return (Count(ReplacedOf(index)) < (left + 1) / 2 && owned < left) || owned < free / kModestShare;
}

/** Counts what `source` takes now that the change `index` has replaced it. */
void ImageTable::CountReplaced(uint32_t index, uint32_t source) {
  const Entry& before = entries_[source];
  const bool shared = before.text == kNone || texts_.IsShared(before.text);
  const uint64_t bytes = blocks_.BlockSize(before.slot) + (shared ? 0 : texts_.RoomOf(before.text));
  entries_[index].replaced = before.replaced;
  for (Replaced* const replaced : {&replaced_, ReplacedOf(index), &replaced_by_[before.owner]}) {
    Count(replaced);
    replaced->since += bytes;
  }
}

/** Forgets owners whose changes take no room any more. */
void ImageTable::ForgetReplaced() {
  for (auto owned = replaced_by_.begin(); owned != replaced_by_.end();) {
    owned = Count(&owned->second) == 0 ? replaced_by_.erase(owned) : std::next(owned);
  }
}

/**
 * Events that name the change have the image before it, until there is room for the change. Those of threads and of
 * recordings, which say more of an image at that time only, are not added later.
 */
void ImageTable::HoldBack(const image& record, uint32_t source, const uint8_t* bytes, bool is_recorded) {
  if (held_back_.Find(record.id) == IdMap::kNone) {
    held_back_.Set(record.id, source);
    Hold(AddressOf(source));
  }
  const bool is_process = (record.flags & IMAGE_FLAG_THREAD) == 0;
  if (is_process && !is_recorded) changes_[record.pid].assign(bytes, bytes + record.size);
}

/** The process has left that image, if it was held back. */
void ImageTable::LeaveHeldBack(uint64_t id) {
  if (held_back_.Find(id) != IdMap::kNone) retiring_ids_.push_back(id);
}

/** Forgets those that processes have left, when no event names them any more. */
void ImageTable::EndHeldBack() {
  for (const uint64_t id : waiting_ids_) {
    const uint32_t index = held_back_.Find(id);
    if (index == IdMap::kNone) continue;
    held_back_.Erase(id);
    Unhold(AddressOf(index));
  }
  waiting_ids_.clear();
}

/** Adds the changes that there is room for now. */
void ImageTable::AddHeldBack() {
  std::vector<std::vector<uint8_t>> records;
  std::erase_if(changes_, [&](auto& change) {
    const uint32_t index = by_pid_.Find(change.first);
    if (index != IdMap::kNone && !MayReplace(index)) return false;
    if (index != IdMap::kNone) records.push_back(std::move(change.second));
    return true;
  });
  for (const std::vector<uint8_t>& record : records) Add(record.data(), record.size());
}

}  // namespace wasprey
