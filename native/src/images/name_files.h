// Reading /etc/passwd and /etc/group below the root of a process that may be hostile.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

namespace wasprey {

/** Identifies a version of a file. */
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

/** Identifies the root directory of a process. */
struct RootId {
  uint64_t device = 0;
  uint64_t inode = 0;
  auto operator<=>(const RootId&) const = default;
};

/** Empty if the process does not exist (any more). Does not wait for the file system. */
std::optional<RootId> RootIdOf(const std::string& root);

/** The root directory as process `pid` sees it; 0 = the host's. */
std::string RootOf(uint32_t pid);

/**
 * Reads both files below `root`. Takes the stamps of known versions. False if it took too long, or the root does not
 * exist (any more): then nothing is known. A `trusted` root has no time limit.
 */
bool ReadNameFiles(const std::string& root, bool trusted, const FileStamp& passwd, const FileStamp& group,
                   NameFiles* files);

}  // namespace wasprey
