#include "images/image_candidates.h"

namespace wasprey {

void SetCandidateWords(image* process, uint32_t bank, std::span<const uint64_t> words) {
  const size_t first = size_t{bank} * IMAGE_CANDIDATE_WORDS;
  for (size_t word = 0; word < IMAGE_CANDIDATE_WORDS; word++) {
    process->candidates[first + word] = word < words.size() ? words[word] : kAllCandidates;
  }
  for (size_t word = 0; word < IMAGE_ANCESTRY_WORDS; word++) {
    const size_t given = IMAGE_CANDIDATE_WORDS + word;
    process->ancestry[bank * IMAGE_ANCESTRY_WORDS + word] = given < words.size() ? words[given] : 0;
  }
}

namespace {

/**
 * More images than these do not await an event. All of a chain of processes are prepared at the first event of its
 * last one, which takes 5 us for each: after 60,000 forks of one another, alerts waited for 0.3 to 0.6 s.
 */
constexpr size_t kMostAwaiting = 2048;

}  // namespace

void ImageCandidates::AnnounceNew(uint32_t index) {
  // Far from the first eviction, which fragmentation can make come early.
  const bool has_room = store_->blocks().used() < store_->blocks().capacity() / 4;
  const bool may_await = on_demand_ && has_room && store_->awaiting() < kMostAwaiting;
  if (may_await && !store_->entry(index).captured) {
    store_->SetAwaiting(index, true);
    return;
  }
  if (!has_room) AnnounceAwaiting();
  Announce(index);
}

void ImageCandidates::AnnounceOnDemand(uint32_t bank) {
  on_demand_ = true;
  if (bank == bank_) return;
  bank_ = bank;
  for (uint32_t index = 0; index < store_->size(); index++) store_->SetAwaiting(index, false);
}

void ImageCandidates::AnnounceAwaiting() {
  for (uint32_t other = 0; store_->awaiting() > 0 && other < store_->size(); other++) {
    if (store_->entry(other).awaiting) Announce(other);
  }
}

void ImageCandidates::AnnounceNamed(uint32_t address) {
  const uint32_t index = store_->ByAddress(address);
  if (index != ImageStore::kNone && store_->entry(index).awaiting) Announce(index);
}

/** Puts an image on the list that TakeNew() gives. */
void ImageCandidates::Announce(uint32_t index) {
  store_->SetAwaiting(index, false);
  if (new_.size() > 4096 && new_.size() > 2 * store_->live()) {
    std::erase_if(new_, [&](const auto& one) {
      return !store_->entry(one.first).used || store_->entry(one.first).id != one.second;
    });
  }
  new_.emplace_back(index, store_->entry(index).id);
}

size_t ImageCandidates::TakeNew(std::span<uint32_t> addresses) {
  size_t written = 0;
  size_t taken = 0;
  while (taken < new_.size() && written < addresses.size()) {
    const auto [index, id] = new_[taken++];
    // It may be gone already, and its entry reused.
    const ImageEntry& entry = store_->entry(index);
    if (entry.used && entry.id == id) addresses[written++] = store_->AddressOf(index);
  }
  new_.erase(new_.begin(), new_.begin() + static_cast<ptrdiff_t>(taken));
  return written;
}

bool ImageCandidates::Set(uint32_t address, uint32_t bank, std::span<const uint64_t> words) {
  const uint32_t index = store_->ByAddress(address);
  if (index == ImageStore::kNone) return false;
  if (bank == bank_) store_->SetAwaiting(index, false);
  SetCandidateWords(store_->Slot(index), bank, words);
  tables_->Fill(index, bank);
  return true;
}

}  // namespace wasprey
