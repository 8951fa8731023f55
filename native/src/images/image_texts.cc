#include "images/image_texts.h"

#include <cstring>

#include "system/random.h"

namespace wasprey {
namespace {

/** Processes can choose texts that have the same hash: so many are compared, and further ones are not shared. */
constexpr size_t kMostOfHash = 8;

constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;

uint64_t WordAt(const char* at) {
  uint64_t word;
  memcpy(&word, at, sizeof word);
  return word;
}

/** Both halves of the product, so that each bit of the result depends on all bits of both. */
uint64_t Folded(uint64_t one, uint64_t other) {
  const unsigned __int128 product = static_cast<unsigned __int128>(one) * other;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

}  // namespace

ImageTexts::ImageTexts(BuddyAllocator* blocks, SandboxRegion* region)
    : blocks_(blocks), region_(region), secret_(RandomSecret()) {}

uint64_t ImageTexts::HashOf(std::string_view bytes) const {
  // Sixteen bytes at a time: texts have a thousand, and std::hash takes four times as long.
  uint64_t hash = secret_;
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  for (; end - at >= 16; at += 16) hash = Folded(WordAt(at) ^ kOdd, WordAt(at + 8) ^ hash);
  char rest[16] = {};
  memcpy(rest, at, static_cast<size_t>(end - at));
  hash = Folded(WordAt(rest) ^ kOdd, WordAt(rest + 8) ^ hash);
  return Folded(hash ^ bytes.size(), kOdd ^ secret_) | 1;
}

uint32_t ImageTexts::Share(std::string_view bytes, uint64_t hash) {
  const auto [first, last] = by_hash_.equal_range(hash);
  for (auto each = first; each != last; ++each) {
    Text& text = texts_[each->second];
    if (std::string_view(BytesOf(text), text.size) != bytes) continue;
    text.references++;
    return each->second;
  }
  return kNone;
}

uint32_t ImageTexts::Add(std::string_view bytes, uint64_t hash, uint32_t block, uint64_t owner) {
  uint32_t number = static_cast<uint32_t>(texts_.size());
  if (free_.empty()) {
    texts_.emplace_back();
  } else {
    number = free_.back();
    free_.pop_back();
  }
  bytes.copy(reinterpret_cast<char*>(region_->data() + block), bytes.size());
  texts_[number] = {block, static_cast<uint32_t>(bytes.size()), 1, hash, owner};
  if (hash != kAlone && by_hash_.count(hash) < kMostOfHash) by_hash_.emplace(hash, number);
  return number;
}

bool ImageTexts::Release(uint32_t text) {
  if (--texts_[text].references > 0) return false;
  free_.push_back(text);
  if (texts_[text].hash == kAlone) return true;
  const auto [first, last] = by_hash_.equal_range(texts_[text].hash);
  for (auto each = first; each != last; ++each) {
    if (each->second != text) continue;
    by_hash_.erase(each);
    break;
  }
  return true;
}

}  // namespace wasprey
