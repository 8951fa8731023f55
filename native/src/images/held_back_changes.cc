#include "images/held_back_changes.h"

#include <utility>

namespace wasprey {

void HeldBackChanges::Add(const image& record, uint32_t source, const uint8_t* bytes, bool is_recorded) {
  if (sources_.Find(record.id) == IdMap::kNone) {
    sources_.Set(record.id, source);
    holds_->Hold(store_->AddressOf(source));
  }
  const bool is_process = (record.flags & IMAGE_FLAG_THREAD) == 0;
  if (is_process && !is_recorded) changes_[record.pid].assign(bytes, bytes + record.size);
}

void HeldBackChanges::Leave(uint64_t id) {
  if (sources_.Find(id) != IdMap::kNone) retiring_.push_back(id);
}

void HeldBackChanges::EndGrace() {
  for (const uint64_t id : waiting_) {
    const uint32_t index = sources_.Find(id);
    if (index == IdMap::kNone) continue;
    sources_.Erase(id);
    holds_->Unhold(store_->AddressOf(index));
  }
  waiting_.clear();
}

std::vector<std::vector<uint8_t>> HeldBackChanges::TakeThoseWithRoom() {
  std::vector<std::vector<uint8_t>> records;
  std::erase_if(changes_, [&](auto& change) {
    const uint32_t index = store_->ByPid(change.first);
    if (index != ImageStore::kNone && !budget_->MayReplace(index)) return false;
    if (index != ImageStore::kNone) records.push_back(std::move(change.second));
    return true;
  });
  return records;
}

}  // namespace wasprey
