// Reading /etc/passwd and /etc/group below the root of a process that may be hostile.
#pragma once

#include <cstdint>
#include <string>

namespace wasprey {

/** Says whether a file is still what was read. */
struct FileStamp {
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t size = 0;
  int64_t mtime_s = 0;
  int64_t mtime_ns = 0;
  bool operator==(const FileStamp&) const = default;
};

struct NameFile {
  FileStamp stamp;
  /** The file is as the stamp given had it; `text` is empty. */
  bool unchanged = false;
  std::string text;
};

struct NameFiles {
  NameFile passwd;
  NameFile group;
};

/**
 * Reads both files as process `pid` sees them (0 = the host's). Takes stamps of what is known already. False when it
 * took too long, or no such process is left: then nothing is known.
 */
bool ReadNameFiles(uint32_t pid, const FileStamp& passwd, const FileStamp& group, NameFiles* files);

}  // namespace wasprey
