// Process images in a recording: the kernel's record, and the data that user space looked up on the
// recorded machine.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "images/users.h"

namespace wasprey {

/** Data on a process that only the recorded machine has: names from its files of users and from its runtimes. */
struct ImageFacts {
  Users::Names names;
  /** Full id; "host", or empty if unknown. */
  std::string_view container;
  std::string_view container_type;
  /** The record has no strings: they are those of the image that it names as its parent. */
  bool strings_of_parent = false;
};

/** One entry of the log, read. Points into the log. */
struct LoggedImage {
  std::span<const uint8_t> record;
  ImageFacts facts;
  /** Bytes of the entry. */
  size_t size = 0;
};

/**
 * Entries one after the other, each a multiple of 8 bytes: u32 size of the record, seven u16 lengths (user, group,
 * login, container, container type, home, shell), u16 whether home (1) and shell (2) are present and whether the
 * strings are those of the parent (4), u32 of 0, the record padded to 8, the seven texts, padding.
 */
class ImageLog {
 public:
  void Append(std::span<const uint8_t> record, const ImageFacts& facts);
  /** All entries since the last call. */
  std::vector<uint8_t> Take() { return std::exchange(bytes_, {}); }
  /** The first entry of `bytes`; nothing if it is truncated. */
  static std::optional<LoggedImage> Read(std::span<const uint8_t> bytes);

 private:
  std::vector<uint8_t> bytes_;
};

}  // namespace wasprey
