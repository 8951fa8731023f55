// A container's root is under the control of its processes: its passwd may be a device, a FIFO, a link out of the
// container, a huge file, or lie on a FUSE file system that never answers. Links are resolved below its root
// (RESOLVE_IN_ROOT), only regular files up to a size are read, and a thread reads and parses them that is given up
// after 20 ms.

#include "images/name_files.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "system/file_descriptor.h"

namespace wasprey {
namespace {

/** 17,000 users: machines where very many log in, and on which files are copied from a directory service. */
constexpr size_t kLargestOfHost = 1 << 20;
/** 2,000 users. Images have some 30; what has more asks a directory service, of which the agent knows nothing. */
constexpr size_t kLargestOfContainer = 128 << 10;
/** Most hanging readers; with so many, no further ones are started. */
constexpr int kMostStuck = 4;

std::atomic<int> readers{0};

struct Request {
  std::string root;
  size_t largest_file = 0;
  std::vector<SharedNameTable> known;
  NameFiles files;
  bool found = false;

  std::mutex mutex;
  std::condition_variable answered;
  bool done = false;

  void Read();
  SharedNameTable ReadBelow(int directory, const char* path);
};

/** Parses the file too: only that many bytes, but of a container's choice. */
SharedNameTable Request::ReadBelow(int directory, const char* path) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const FileDescriptor fd(static_cast<int>(syscall(SYS_openat2, directory, path, &how, sizeof how)));
  struct stat facts{};
  if (!fd || fstat(fd.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) return nullptr;
  const FileStamp stamp = {facts.st_dev,         facts.st_ino,          static_cast<uint64_t>(facts.st_size),
                           facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec, facts.st_ctim.tv_sec,
                           facts.st_ctim.tv_nsec};
  const auto same = std::find_if(known.begin(), known.end(),
                                 [&](const auto& table) { return table != nullptr && table->stamp() == stamp; });
  if (same != known.end()) return *same;
  std::string text;
  size_t filled = 0;
  if (stamp.size <= largest_file) {
    text.resize(largest_file + 1);
    while (filled < text.size()) {
      const ssize_t got = read(fd.get(), text.data() + filled, text.size() - filled);
      if (got <= 0) break;
      filled += static_cast<size_t>(got);
    }
  }
  if (stamp.size > largest_file || filled > largest_file) {
    files.too_large = true;
    return nullptr;
  }
  text.resize(filled);
  text.shrink_to_fit();
  return std::make_shared<const NameTable>(stamp, std::move(text));
}

void Request::Read() {
  const FileDescriptor directory(open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return;
  found = true;
  files.passwd = ReadBelow(directory.get(), "etc/passwd");
  files.group = ReadBelow(directory.get(), "etc/group");
}

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
bool ReadInTime(const std::shared_ptr<Request>& request, std::chrono::milliseconds patience) {
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
  return request->answered.wait_for(lock, patience, [&] { return request->done; });
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

std::optional<NameFiles> ReadNameFilesOfHost(std::vector<SharedNameTable> known) {
  Request request;
  request.root = RootOf(0);
  request.largest_file = kLargestOfHost;
  request.known = std::move(known);
  request.Read();
  return request.found ? std::optional(std::move(request.files)) : std::nullopt;
}

std::optional<NameFiles> ReadNameFiles(const std::string& root, std::vector<SharedNameTable> known,
                                       std::chrono::milliseconds patience) {
  const auto request = std::make_shared<Request>();
  request->root = root;
  request->largest_file = kLargestOfContainer;
  request->known = std::move(known);
  if (!ReadInTime(request, patience) || !request->found) return std::nullopt;
  return std::move(request->files);
}

}  // namespace wasprey
