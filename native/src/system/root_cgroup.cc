// Where only hierarchies of version 1 are mounted, the root can be opened without a mount that others see.

#include "system/root_cgroup.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>

namespace wasprey {
namespace {

/** Of the root, whatever is mounted. */
constexpr ino_t kRootInode = 1;

bool IsRoot(int fd) {
  struct stat status{};
  return fstat(fd, &status) == 0 && status.st_ino == kRootInode;
}

/** The first mount of it; in a namespace of cgroups a mount shows a part alone. */
FileDescriptor OpenMounted() {
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    if (line.find(" - cgroup2 ") == std::string::npos) continue;
    std::istringstream words(line);
    std::string word, place;
    for (int i = 0; i < 5 && words >> word; i++) place = word;
    FileDescriptor fd(open(place.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd && IsRoot(fd.get())) return fd;
  }
  return FileDescriptor();
}

}  // namespace

FileDescriptor OpenRootCgroup() {
  if (FileDescriptor mounted = OpenMounted()) return mounted;
  const FileDescriptor context(static_cast<int>(syscall(SYS_fsopen, "cgroup2", FSOPEN_CLOEXEC)));
  if (!context || syscall(SYS_fsconfig, context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
    return FileDescriptor();
  const FileDescriptor mount(static_cast<int>(syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, 0)));
  if (!mount) return FileDescriptor();
  FileDescriptor root(openat(mount.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (root && IsRoot(root.get())) return root;
  errno = ENOENT;
  return FileDescriptor();
}

}  // namespace wasprey
