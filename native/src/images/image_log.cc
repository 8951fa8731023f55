// Texts are truncated to the range of their lengths; names and ids are far shorter.

#include "images/image_log.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace wasprey {
namespace {

struct EntryHead {
  uint32_t record_size;
  uint16_t lengths[7];
  /** kHome, kShell, kStringsOfParent. */
  uint16_t present;
  uint32_t zero;
};
static_assert(sizeof(EntryHead) == 24);

constexpr uint16_t kHome = 1;
constexpr uint16_t kShell = 2;
constexpr uint16_t kStringsOfParent = 4;

size_t Padded(size_t size) { return (size + 7) & ~size_t{7}; }

}  // namespace

void ImageLog::Append(std::span<const uint8_t> record, const ImageFacts& facts) {
  const Users::Names& names = facts.names;
  const std::string_view texts[] = {names.user,           names.group,     names.login,     facts.container,
                                    facts.container_type, names.home.text, names.shell.text};
  EntryHead head{static_cast<uint32_t>(record.size()), {}, 0, 0};
  head.present = (names.home.present ? kHome : 0) | (names.shell.present ? kShell : 0) |
                 (facts.strings_of_parent ? kStringsOfParent : 0);
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
  Users::Names& names = image.facts.names;
  names.home.present = (head.present & kHome) != 0;
  names.shell.present = (head.present & kShell) != 0;
  image.facts.strings_of_parent = (head.present & kStringsOfParent) != 0;
  std::string_view* const places[] = {
      &names.user,      &names.group,      &names.login, &image.facts.container, &image.facts.container_type,
      &names.home.text, &names.shell.text,
  };
  for (size_t i = 0; i < std::size(places); i++) {
    *places[i] = {at, head.lengths[i]};
    at += head.lengths[i];
  }
  return image;
}

}  // namespace wasprey
