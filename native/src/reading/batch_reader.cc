#include "reading/batch_reader.h"

namespace wasprey {

BatchReader::BatchReader(const Plan& plan, SourceMemory* memory, Completion* completion, ImageTable* images)
    : memory_(memory),
      completion_(completion),
      images_(images),
      rings_(plan, memory->ring_size, memory->ring_stride, &memory->rings, memory->controls, memory->secret) {}

/** Heads first, then the images those events may name, then the events. */
size_t BatchReader::Read(std::span<uint32_t> segments) {
  rings_.TakeHeads();
  DrainImages();
  completion_->Begin();
  const size_t pairs = rings_.Walk(segments, [this](std::byte* record, uint32_t address) {
    return completion_->Complete(record, address, [this] { DrainImages(); });
  });
  has_batch_ = true;
  if (pairs == 0) Release();
  return pairs;
}

void BatchReader::Release() {
  rings_.Release();
  has_batch_ = false;
}

void BatchReader::DrainImages() {
  memory_->lifecycle->Drain([this](const uint8_t* record, size_t size) { images_->Add(record, size); });
}

}  // namespace wasprey
