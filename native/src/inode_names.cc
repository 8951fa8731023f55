#include "inode_names.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <memory>
#include <sstream>
#include <string_view>

#include "clocks.h"
#include "name_files.h"

namespace wasprey {
namespace {

constexpr uint64_t kLongestSearchNs = 50'000'000;
/** A tenth of the time may be spent on searches. */
constexpr uint64_t kShare = 10;
constexpr size_t kMostFound = 1024;

using Directory = std::unique_ptr<DIR, decltype([](DIR* directory) { closedir(directory); })>;

/** Not a link, and it does not wait: nor does it change when the directory was read last. */
Directory OpenDirectory(const std::string& path) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
  int fd = open(path.c_str(), kFlags | O_NOATIME);
  if (fd < 0) fd = open(path.c_str(), kFlags);
  DIR* const directory = fd < 0 ? nullptr : fdopendir(fd);
  if (directory == nullptr && fd >= 0) close(fd);
  return Directory(directory);
}

/** The kernel's number of a device, as in s_dev. */
uint32_t KernelNumber(unsigned major, unsigned minor) { return major << 20 | minor; }

bool IsFile(const std::string& path, dev_t device, uint64_t inode) {
  struct stat status{};
  return lstat(path.c_str(), &status) == 0 && status.st_dev == device && status.st_ino == inode;
}

/** Whether a path leads to that mount, not to one that lies over it. */
bool IsMount(const std::string& path, uint64_t mount) {
  struct statx status{};
  return statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &status) == 0 &&
         (status.stx_mask & STATX_MNT_ID) != 0 && status.stx_mnt_id == mount;
}

}  // namespace

InodeNames::InodeNames() : InodeNames(RootOf(0), RootOf(0) == "/" ? "/proc/self/mountinfo" : "/proc/1/mountinfo") {}

/** Where the top of a device's file system is mounted; empty if it is not mounted, or not on a disk. */
std::string InodeNames::MountPointOf(uint32_t device) const {
  std::ifstream mounts(mountinfo_);
  std::string best;
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string id, parent, number, top, point, word;
    words >> id >> parent >> number >> top >> point;
    unsigned major = 0, minor = 0;
    if (sscanf(number.c_str(), "%u:%u", &major, &minor) != 2 || KernelNumber(major, minor) != device || top != "/")
      continue;
    while (words >> word && word != "-") {
    }
    std::string type, source;
    words >> type >> source;
    const bool on_disk = source.starts_with("/dev/") && !type.starts_with("fuse");
    if (on_disk && (best.empty() || point.size() < best.size()) &&
        IsMount(root_ + point, strtoull(id.c_str(), nullptr, 10)))
      best = point;
  }
  return best;
}

std::string InodeNames::Find(uint32_t device, uint64_t inode) {
  const uint64_t now = Now(CLOCK_MONOTONIC);
  if (credited_ == 0) credited_ = now - kLongestSearchNs * kShare;
  credit_ns_ = std::min(credit_ns_ + (now - credited_) / kShare, kLongestSearchNs);
  credited_ = now;
  const Place place{device, inode};
  if (const auto known = found_.find(place); known != found_.end()) {
    if (IsFile(root_ + known->second.path, known->second.device, inode)) return known->second.path;
    found_.erase(known);
  }
  const Found found = credit_ns_ == 0 ? Found{} : Search(place);
  credit_ns_ -= std::min(credit_ns_, Now(CLOCK_MONOTONIC) - now);
  if (found.path.empty()) {
    unnamed_++;
    return "";
  }
  if (found_.size() >= kMostFound) found_.clear();
  found_.emplace(place, found);
  return found.path;
}

InodeNames::Found InodeNames::Search(const Place& place) {
  const uint64_t end = Now(CLOCK_MONOTONIC) + credit_ns_;
  const std::string point = MountPointOf(place.device);
  if (point.empty()) return {};
  std::deque<std::string> paths{point == "/" ? "" : point};
  struct stat top{};
  if (lstat((root_ + point).c_str(), &top) != 0) return {};
  while (!paths.empty() && Now(CLOCK_MONOTONIC) < end) {
    const std::string path = std::move(paths.front());
    paths.pop_front();
    const Directory directory = OpenDirectory(root_ + path + "/.");
    struct stat status{};
    if (directory == nullptr || fstat(dirfd(directory.get()), &status) != 0 || status.st_dev != top.st_dev) continue;
    while (const dirent* entry = readdir(directory.get())) {
      const std::string_view name = entry->d_name;
      if (entry->d_type == DT_DIR) {
        if (name != "." && name != "..") paths.push_back(path + "/" + entry->d_name);
      } else if (entry->d_ino == place.inode) {
        std::string found = path + "/" + entry->d_name;
        if (IsFile(root_ + found, top.st_dev, place.inode)) return {found, top.st_dev};
      }
    }
  }
  return {};
}

}  // namespace wasprey
