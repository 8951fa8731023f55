// Texts are truncated to the range of their lengths; names and ids are far shorter.

#include "image_log.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace wasprey {
namespace {

struct EntryHead {
  uint32_t record_size;
  uint16_t lengths[5];
  uint16_t zero;
};
static_assert(sizeof(EntryHead) == 16);

size_t Padded(size_t size) { return (size + 7) & ~size_t{7}; }

}  // namespace

void ImageLog::Append(std::span<const uint8_t> record, const ImageFacts& facts) {
  const std::string_view texts[] = {facts.names.user, facts.names.group, facts.names.login, facts.container,
                                    facts.container_type};
  EntryHead head{static_cast<uint32_t>(record.size()), {}, 0};
  size_t length = 0;
  for (size_t i = 0; i < std::size(texts); i++) {
    head.lengths[i] = static_cast<uint16_t>(std::min<size_t>(texts[i].size(), UINT16_MAX));
    length += head.lengths[i];
  }
  size_t at = bytes_.size();
  bytes_.resize(at + sizeof head + Padded(record.size()) + Padded(length));
  memcpy(bytes_.data() + at, &head, sizeof head);
  at += sizeof head;
  memcpy(bytes_.data() + at, record.data(), record.size());
  at += Padded(record.size());
  for (size_t i = 0; i < std::size(texts); i++) {
    memcpy(bytes_.data() + at, texts[i].data(), head.lengths[i]);
    at += head.lengths[i];
  }
}

std::optional<LoggedImage> ImageLog::Read(std::span<const uint8_t> bytes) {
  EntryHead head;
  if (bytes.size() < sizeof head) return std::nullopt;
  memcpy(&head, bytes.data(), sizeof head);
  size_t length = 0;
  for (const uint16_t one : head.lengths) length += one;
  const size_t texts = sizeof head + Padded(head.record_size);
  LoggedImage image;
  image.size = texts + Padded(length);
  if (image.size > bytes.size()) return std::nullopt;
  image.record = bytes.subspan(sizeof head, head.record_size);
  const char* at = reinterpret_cast<const char*>(bytes.data() + texts);
  std::string_view* const places[] = {&image.facts.names.user, &image.facts.names.group, &image.facts.names.login,
                                      &image.facts.container, &image.facts.container_type};
  for (size_t i = 0; i < std::size(places); i++) {
    *places[i] = {at, head.lengths[i]};
    at += head.lengths[i];
  }
  return image;
}

}  // namespace wasprey
