#include "images/change_budget.h"

#include <iterator>

namespace wasprey {
namespace {

/** Who has taken less than this part of the free room has taken little. */
constexpr uint64_t kModestShare = 16;

}  // namespace

/** What was replaced before a grace began is free after it. */
uint64_t ChangeBudget::BytesOf(ReplacedImages* replaced) const {
  if (replaced->grace != graces_) {
    replaced->before = replaced->grace + 1 == graces_ ? replaced->since : 0;
    replaced->since = 0;
    replaced->grace = graces_;
  }
  if (!in_grace_) replaced->before = 0;
  return replaced->before + replaced->since;
}

/** What the changes of its process took, for an image. Threads have images of their own, and no room of their own. */
ReplacedImages* ChangeBudget::ReplacedOf(uint32_t index) {
  const uint32_t process = store_->IsOfThread(index) ? store_->ByPid(store_->Slot(index)->pid) : index;
  return &store_->entry(process == ImageStore::kNone ? index : process).replaced;
}

bool ChangeBudget::MayReplace(uint32_t index) {
  const uint64_t all = BytesOf(&replaced_);
  const uint64_t free = store_->blocks().capacity() - store_->blocks().used();
  const uint64_t left = free > all ? free - all : 0;
  const auto owner = replaced_by_.find(store_->entry(index).owner);
  const uint64_t owned = owner == replaced_by_.end() ? 0 : BytesOf(&owner->second);
  return (BytesOf(ReplacedOf(index)) < (left + 1) / 2 && owned < left) || owned < free / kModestShare;
}

void ChangeBudget::Count(uint32_t index, uint32_t source) {
  const ImageEntry& before = store_->entry(source);
  const ImageTexts& texts = store_->texts();
  const bool shared = before.text == ImageStore::kNone || texts.IsShared(before.text);
  const uint64_t bytes = store_->blocks().BlockSize(before.slot) + (shared ? 0 : texts.RoomOf(before.text));
  store_->entry(index).replaced = before.replaced;
  for (ReplacedImages* const replaced : {&replaced_, ReplacedOf(index), &replaced_by_[before.owner]}) {
    BytesOf(replaced);
    replaced->since += bytes;
  }
}

/** Forgets owners whose changes take no room any more. */
void ChangeBudget::EndGrace() {
  in_grace_ = false;
  for (auto owned = replaced_by_.begin(); owned != replaced_by_.end();) {
    owned = BytesOf(&owned->second) == 0 ? replaced_by_.erase(owned) : std::next(owned);
  }
}

}  // namespace wasprey
