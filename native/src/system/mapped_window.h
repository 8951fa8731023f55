// A part of a file that is mapped, and moved to where it is needed.
#pragma once

#include <cstddef>

#include "system/memory_map.h"
#include "system/result.h"

namespace wasprey {

/**
 * A part of a file at a time. All pages of a BPF map count towards RSS as soon and as often as they are mapped, so that
 * a second mapping of 16 MB of rings took 16 MB.
 */
class MappedWindow {
 public:
  MappedWindow() = default;
  /**
   * `window` bytes of the `length` at `offset` of `fd`, which stays open. All of these are whole pages; `window` is cut
   * to `length`.
   */
  static Result<MappedWindow> Map(int fd, size_t offset, size_t length, size_t window, int protection,
                                  const char* what);

  /**
   * `size` bytes from `at` on, until the next call. Null if the kernel refuses to map them, or the window can't hold
   * them: wherever they are, they should take a page less.
   */
  std::byte* At(size_t at, size_t size) {
    if (at < start_ || at + size > start_ + mapping_.size()) [[unlikely]] {
      if (!MoveTo(at, size)) return nullptr;
    }
    return mapping_.data() + (at - start_);
  }

 private:
  bool MoveTo(size_t at, size_t size);

  Mapping mapping_;
  size_t start_ = 0;
  int fd_ = -1;
  size_t offset_ = 0;
  size_t length_ = 0;
  int protection_ = 0;
};

}  // namespace wasprey
