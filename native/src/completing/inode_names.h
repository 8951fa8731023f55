// Paths of files of which only the inode is known: opened by a handle (open_by_handle_at) while the kernel had no name
// of theirs in its cache.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "system/time_share.h"

namespace wasprey {

/**
 * Searches the directories of a file system from its top, level by level. Only in file systems on a disk, and not in
 * what is mounted within them: another may let the reader of events wait. Searches together take a tenth of its time at
 * most.
 */
class InodeNames {
 public:
  /** `root`: of the machine; `mountinfo`: its mounts. For tests. */
  InodeNames(std::string root, std::string mountinfo) : root_(std::move(root)), mountinfo_(std::move(mountinfo)) {}
  /** Of this machine. */
  InodeNames();

  /** A path of the file below the root; empty: not found in time. `device` is the kernel's number (s_dev). */
  std::string Find(uint32_t device, uint64_t inode);

  /** Files that were not found. */
  uint64_t unnamed() const { return unnamed_; }

 private:
  struct Place {
    uint32_t device;
    uint64_t inode;
    auto operator<=>(const Place&) const = default;
  };

  /**
   * Where the file system is mounted, a path below that, and the device that stat(2) gives for the file: of btrfs it is
   * not the kernel's number.
   */
  struct Found {
    std::string point;
    std::string path;
    dev_t device = 0;
  };

  static constexpr uint64_t kLongestSearchNs = 50'000'000;
  /** A tenth of the time may be spent on searches. */
  static constexpr uint64_t kParts = 10;

  static std::string PathOf(const Found& found);
  Found Search(const Place& place, uint64_t end);
  std::string MountPointOf(uint32_t device) const;

  std::string root_;
  std::string mountinfo_;
  /** Paths found, checked before they are used again. */
  std::map<Place, Found> found_;
  TimeShare time_{kParts, kLongestSearchNs};
  uint64_t unnamed_ = 0;
};

}  // namespace wasprey
