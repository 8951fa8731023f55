#include "system/mapped_window.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace wasprey {

Result<MappedWindow> MappedWindow::Map(int fd, size_t offset, size_t length, size_t window, int protection,
                                       const char* what) {
  MappedWindow made;
  auto mapping = Mapping::Map(fd, std::min(window, length), protection, offset, what);
  if (!mapping) return std::move(mapping.error());
  made.mapping_ = std::move(*mapping);
  made.fd_ = fd;
  made.offset_ = offset;
  made.length_ = length;
  made.protection_ = protection;
  return made;
}

/** The next place is mapped before the last one is unmapped, so that a refusal changes nothing. */
bool MappedWindow::MoveTo(size_t at, size_t size) {
  const auto in_page = static_cast<size_t>(sysconf(_SC_PAGESIZE)) - 1;
  const size_t start = std::min(at & ~in_page, length_ - mapping_.size());
  if (at < start || at + size > start + mapping_.size()) return false;
  auto moved = Mapping::Map(fd_, mapping_.size(), protection_, offset_ + start, "window");
  if (!moved) return false;
  mapping_ = std::move(*moved);
  start_ = start;
  return true;
}

}  // namespace wasprey
