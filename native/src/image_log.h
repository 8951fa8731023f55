// Process images as a recording has them: the kernel's record, and what user space had to find out about it on the
// machine it was made on.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "users.h"

namespace wasprey {

/** What only the recorded machine can tell of a process: its own files name users, its runtimes name containers. */
struct ImageFacts {
  Users::Names names;
  /** Full id; "host", or empty where it was not known. */
  std::string_view container;
  std::string_view container_type;
};

/** One entry of the log, read. Points into the log. */
struct LoggedImage {
  std::span<const uint8_t> record;
  ImageFacts facts;
  /** Bytes of the entry. */
  size_t size = 0;
};

/**
 * Entries one after the other, each a multiple of 8 bytes: u32 size of the record, five u16 lengths (user, group,
 * login, container, container type), u16 of 0, the record padded to 8, the five texts, padding.
 */
class ImageLog {
 public:
  void Append(std::span<const uint8_t> record, const ImageFacts& facts);
  /** All entries since the last call. */
  std::vector<uint8_t> Take() { return std::exchange(bytes_, {}); }
  /** The first entry of `bytes`; nothing when it does not fit them. */
  static std::optional<LoggedImage> Read(std::span<const uint8_t> bytes);

 private:
  std::vector<uint8_t> bytes_;
};

}  // namespace wasprey
