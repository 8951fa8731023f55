// A container's root is under the control of its processes: its passwd may be a device, a FIFO, a link out of the
// container, a huge file, or lie on a FUSE file system that never answers. Links are resolved below its root
// (RESOLVE_IN_ROOT), only regular files up to a size are read, and a thread does it that is given up after 20 ms.

#include "images/name_files.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "system/file_descriptor.h"

namespace wasprey {
namespace {

constexpr size_t kLargestFile = 1 << 20;
constexpr auto kPatience = std::chrono::milliseconds(20);
/** Most hanging readers; with so many, no further ones are started. */
constexpr int kMostStuck = 4;

std::atomic<int> readers{0};

void ReadBelow(int root, const char* path, const FileStamp& known, NameFile* file) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const FileDescriptor fd(static_cast<int>(syscall(SYS_openat2, root, path, &how, sizeof how)));
  struct stat facts{};
  if (!fd || fstat(fd.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) return;
  file->stamp = {facts.st_dev, facts.st_ino, static_cast<uint64_t>(facts.st_size), facts.st_mtim.tv_sec,
                 facts.st_mtim.tv_nsec};
  if (file->stamp == known) {
    file->unchanged = true;
    return;
  }
  // Past the limit, names are unknown instead of incomplete.
  if (facts.st_size > static_cast<off_t>(kLargestFile)) return;
  file->text.resize(kLargestFile);
  size_t filled = 0;
  while (filled < kLargestFile) {
    const ssize_t got = read(fd.get(), file->text.data() + filled, kLargestFile - filled);
    if (got <= 0) break;
    filled += static_cast<size_t>(got);
  }
  file->text.resize(filled);
  file->text.shrink_to_fit();
}

struct Request {
  std::string root;
  FileStamp passwd;
  FileStamp group;
  NameFiles files;
  bool found = false;

  std::mutex mutex;
  std::condition_variable answered;
  bool done = false;

  void Read() {
    const FileDescriptor directory(open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return;
    found = true;
    ReadBelow(directory.get(), "etc/passwd", passwd, &files.passwd);
    ReadBelow(directory.get(), "etc/group", group, &files.group);
  }
};

void* RunReader(void* argument) {
  const std::unique_ptr<std::shared_ptr<Request>> holder(static_cast<std::shared_ptr<Request>*>(argument));
  Request& request = **holder;
  request.Read();
  readers--;
  const std::lock_guard lock(request.mutex);
  request.done = true;
  request.answered.notify_one();
  return nullptr;
}

/** Reads on a separate thread, which is abandoned if it does not answer in time: then false. */
bool ReadInTime(const std::shared_ptr<Request>& request) {
  if (readers >= kMostStuck) return false;
  readers++;
  auto holder = std::make_unique<std::shared_ptr<Request>>(request);
  pthread_t thread;
  if (pthread_create(&thread, nullptr, RunReader, holder.get()) != 0) {
    readers--;
    return false;
  }
  static_cast<void>(holder.release());
  pthread_detach(thread);
  std::unique_lock lock(request->mutex);
  return request->answered.wait_for(lock, kPatience, [&] { return request->done; });
}

}  // namespace

std::optional<RootId> RootIdOf(const std::string& root) {
  struct statx facts{};
  if (statx(AT_FDCWD, root.c_str(), AT_STATX_DONT_SYNC, STATX_INO, &facts) != 0) return std::nullopt;
  return RootId{uint64_t{facts.stx_dev_major} << 32 | facts.stx_dev_minor, facts.stx_ino};
}

std::string RootOf(uint32_t pid) {
  if (pid != 0) return "/proc/" + std::to_string(pid) + "/root";
  // In a container with the host's pid namespace this is the host's root; if init is not accessible, our own.
  const char* const of_init = "/proc/1/root";
  return access(of_init, R_OK) == 0 ? of_init : "/";
}

bool ReadNameFiles(const std::string& root, bool trusted, const FileStamp& passwd, const FileStamp& group,
                   NameFiles* files) {
  const auto request = std::make_shared<Request>();
  request->root = root;
  request->passwd = passwd;
  request->group = group;
  if (trusted) {
    request->Read();
  } else if (!ReadInTime(request)) {
    return false;
  }
  *files = std::move(request->files);
  return request->found;
}

}  // namespace wasprey
