#include "completing/inode_names.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <memory>
#include <sstream>
#include <string_view>

#include "images/name_files.h"
#include "system/clocks.h"
#include "system/file_descriptor.h"

namespace wasprey {
namespace {

constexpr size_t kMostFound = 1024;

using Directory = std::unique_ptr<DIR, decltype([](DIR* directory) { closedir(directory); })>;

/**
 * What lies below a directory, without following links or crossing into another mount: the server of another
 * mount (NFS, FUSE, the automounter) may never answer.
 */
FileDescriptor OpenBelow(const FileDescriptor& top, const std::string& path, uint64_t flags) {
  open_how how{};
  how.flags = flags | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH;
  return FileDescriptor(static_cast<int>(syscall(SYS_openat2, top.get(), path.c_str(), &how, sizeof how)));
}

/** It does not wait, nor does it change when the directory was read last. */
Directory OpenDirectory(const FileDescriptor& top, const std::string& path) {
  constexpr uint64_t kFlags = O_RDONLY | O_DIRECTORY | O_NONBLOCK;
  FileDescriptor opened = OpenBelow(top, path, kFlags | O_NOATIME);
  if (!opened) opened = OpenBelow(top, path, kFlags);
  DIR* const directory = opened ? fdopendir(opened.get()) : nullptr;
  if (directory != nullptr) static_cast<void>(opened.release());
  return Directory(directory);
}

FileDescriptor OpenTop(const std::string& path) {
  return FileDescriptor(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

/** The kernel's number of a device, as in s_dev. */
uint32_t KernelNumber(unsigned major, unsigned minor) { return major << 20 | minor; }

bool IsFile(const FileDescriptor& top, const std::string& path, dev_t device, uint64_t inode) {
  const FileDescriptor file = OpenBelow(top, path, O_PATH);
  struct stat status{};
  return file && fstat(file.get(), &status) == 0 && status.st_dev == device && status.st_ino == inode;
}

/** Whether a path leads to that mount, not to one that lies over it. */
bool IsMount(const std::string& path, uint64_t mount) {
  constexpr int kFlags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
  struct statx status{};
  return statx(AT_FDCWD, path.c_str(), kFlags, STATX_MNT_ID, &status) == 0 && (status.stx_mask & STATX_MNT_ID) != 0 &&
         status.stx_mnt_id == mount;
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

std::string InodeNames::PathOf(const Found& found) {
  return (found.point == "/" ? "" : found.point) + "/" + found.path;
}

std::string InodeNames::Find(uint32_t device, uint64_t inode) {
  const uint64_t now = Now(CLOCK_MONOTONIC);
  const int64_t left = time_.LeftAt(now);
  const Place place{device, inode};
  if (const auto known = found_.find(place); known != found_.end()) {
    const Found& file = known->second;
    if (IsFile(OpenTop(root_ + file.point), file.path, file.device, inode)) return PathOf(file);
    found_.erase(known);
  }
  const Found found = left > 0 ? Search(place, now + static_cast<uint64_t>(left)) : Found{};
  time_.Spend(Now(CLOCK_MONOTONIC) - now);
  if (found.path.empty()) {
    unnamed_++;
    return "";
  }
  if (found_.size() >= kMostFound) found_.clear();
  found_.emplace(place, found);
  return PathOf(found);
}

/** Until that time. */
InodeNames::Found InodeNames::Search(const Place& place, uint64_t end) {
  const std::string point = MountPointOf(place.device);
  if (point.empty()) return {};
  const FileDescriptor top = OpenTop(root_ + point);
  struct stat of_top{};
  if (!top || fstat(top.get(), &of_top) != 0) return {};
  std::deque<std::string> paths{"."};
  while (!paths.empty() && Now(CLOCK_MONOTONIC) < end) {
    const std::string path = std::move(paths.front());
    paths.pop_front();
    const Directory directory = OpenDirectory(top, path);
    struct stat status{};
    if (directory == nullptr || fstat(dirfd(directory.get()), &status) != 0 || status.st_dev != of_top.st_dev) continue;
    const std::string before = path == "." ? "" : path + "/";
    while (const dirent* entry = readdir(directory.get())) {
      const std::string_view name = entry->d_name;
      if (entry->d_type == DT_DIR) {
        if (name != "." && name != "..") paths.push_back(before + entry->d_name);
      } else if (entry->d_ino == place.inode) {
        std::string found = before + entry->d_name;
        if (IsFile(top, found, of_top.st_dev, place.inode)) return {point, std::move(found), of_top.st_dev};
      }
    }
  }
  return {};
}

}  // namespace wasprey
