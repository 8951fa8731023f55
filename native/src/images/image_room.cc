#include "images/image_room.h"

namespace wasprey {
namespace {

/** Texts are written as if they lay there until it is known where they do; not 0, which an absent string has. */
constexpr uint32_t kDraftDistance = 1u << 31;

}  // namespace

uint32_t ImageRoom::Allocate(uint32_t bytes) {
  uint32_t offset = store_->blocks().Allocate(bytes);
  while (offset == BuddyAllocator::kNone && eviction_->Evict()) offset = store_->blocks().Allocate(bytes);
  return offset;
}

void ImageRoom::ShareText(uint32_t index, uint32_t source) {
  ImageEntry& entry = store_->entry(index);
  entry.text = store_->entry(source).text;
  store_->texts().Retain(entry.text);
  ShareImageText(*store_->Slot(source), store_->entry(source).slot - entry.slot, store_->Slot(index));
  store_->Slot(index)->flags |= store_->Slot(source)->flags & IMAGE_FLAG_TRUNCATED;
}

bool ImageRoom::StoreText(uint32_t index, const ImageText& text) {
  const bool takes_room = store_->shares().MayHaveWhole(store_->entry(index).owner, store_->FreeRoom());
  if (StoreTextAsItIs(index, text, takes_room)) return true;
  const CutImageText cut(text);
  if (!StoreTextAsItIs(index, cut.text(), true)) return false;
  store_->Slot(index)->flags |= IMAGE_FLAG_TRUNCATED;
  cut_++;
  return true;
}

/**
 * Takes no room if another image has the same text; otherwise it does only if it may. That of a change is stored
 * without a look: hardly another has it, and a storm of changes leaves no time for it (live pressure lost events by
 * it).
 */
bool ImageRoom::StoreTextAsItIs(uint32_t index, const ImageText& text, bool takes_room) {
  ImageEntry& entry = store_->entry(index);
  WriteImageText(text, kDraftDistance, &text_bytes_, store_->Slot(index));
  const uint64_t hash =
      store_->Slot(index)->kind == IMAGE_CHANGE ? ImageTexts::kAlone : store_->texts().HashOf(text_bytes_);
  entry.text = hash == ImageTexts::kAlone ? kNone : store_->texts().Share(text_bytes_, hash);
  if (entry.text == kNone) {
    if (!takes_room) return false;
    const uint32_t block = Allocate(static_cast<uint32_t>(text_bytes_.size()));
    if (block == BuddyAllocator::kNone) return false;
    entry.text = store_->texts().Add(text_bytes_, hash, block, entry.owner);
    store_->shares().Take(entry.owner, store_->blocks().BlockSize(block));
  }
  ShareImageText(*store_->Slot(index), store_->texts().BlockOf(entry.text) - entry.slot - kDraftDistance,
                 store_->Slot(index));
  return true;
}

}  // namespace wasprey
