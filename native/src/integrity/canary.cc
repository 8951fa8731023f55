// One call for each BPF program that serves events: the first wanted one of its list. Calls that audit rules usually
// log, such as execve, mount and ptrace, are not made; the seals check their hooks.

#include "integrity/canary.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "records/event_types.h"

namespace wasprey {
namespace {

struct Call {
  const char* program;
  const char* type;
  void (*make)();
};

constexpr int kNoFd = -1;
constexpr char kNoPath[] = "";

#define CALL(program, name, ...)                              \
  Call {                                                      \
    #program, #name, [] { syscall(SYS_##name, __VA_ARGS__); } \
  }
constexpr Call kCalls[] = {
    CALL(on_open, openat, AT_FDCWD, kNoPath, O_RDONLY),
    CALL(on_open, openat2, AT_FDCWD, kNoPath, nullptr, 0),
#ifdef SYS_open
    CALL(on_open, open, kNoPath, O_RDONLY),
    CALL(on_open, creat, kNoPath, 0),
#endif
    CALL(on_socket, connect, kNoFd, nullptr, 0),
    CALL(on_socket, accept4, kNoFd, nullptr, nullptr, 0),
    CALL(on_socket, accept, kNoFd, nullptr, nullptr),
    CALL(on_socket, listen, kNoFd, 0),
    CALL(on_socket, bind, kNoFd, nullptr, 0),
    CALL(on_socket, socket, -1, 0, 0),
    CALL(on_path, unlinkat, AT_FDCWD, kNoPath, 0),
    CALL(on_path, mkdirat, AT_FDCWD, kNoPath, 0),
    CALL(on_path, fchmodat, AT_FDCWD, kNoPath, 0),
#ifdef SYS_unlink
    CALL(on_path, unlink, kNoPath),
    CALL(on_path, rmdir, kNoPath),
    CALL(on_path, mkdir, kNoPath, 0),
    CALL(on_path, chmod, kNoPath, 0),
    CALL(on_paths, rename, kNoPath, kNoPath),
    CALL(on_paths, link, kNoPath, kNoPath),
    CALL(on_paths, symlink, kNoPath, kNoPath),
    CALL(on_paths, renameat, AT_FDCWD, kNoPath, AT_FDCWD, kNoPath),
#endif
    CALL(on_paths, renameat2, AT_FDCWD, kNoPath, AT_FDCWD, kNoPath, 0),
    CALL(on_paths, linkat, AT_FDCWD, kNoPath, AT_FDCWD, kNoPath, 0),
    CALL(on_paths, symlinkat, kNoPath, AT_FDCWD, kNoPath),
    CALL(on_descriptor, dup, kNoFd),
#ifdef SYS_dup2
    CALL(on_descriptor, dup2, kNoFd, kNoFd),
#endif
    CALL(on_descriptor, dup3, kNoFd, kNoFd, 0),
    CALL(on_descriptor, fchmod, kNoFd, 0),
    CALL(on_process, setgid, -1),
    CALL(on_process, setuid, -1),
    CALL(on_process, unshare, 1),
    CALL(on_process, clone3, nullptr, 0),
};
#undef CALL

/** Steps that the reader may need to reach the calls' events; it takes milliseconds unless the ring keeps growing. */
constexpr unsigned kPatience = 3;

}  // namespace

void Canary::Expect(const std::vector<std::string>& event_types) {
  probes_.clear();
  Skip();
  const char* served = "";
  for (const Call& call : kCalls) {
    const bool wanted = std::find(event_types.begin(), event_types.end(), call.type) != event_types.end();
    if (!wanted || call.program == std::string_view(served)) continue;
    served = call.program;
    probes_.push_back({FindEventType(call.type)->number, call.type, call.make});
  }
}

void Canary::Step(const RingReader& reader, const std::function<uint64_t(uint64_t type)>& seen, Findings* findings) {
  if (called_) {
    if (!IsRead(reader, findings)) return;
    Judge(seen, findings);
  }
  for (Probe& probe : probes_) {
    probe.before = seen(probe.type);
    probe.call();
  }
  reader.CopyHeads(&heads_);
  reader.CopyPositions(&positions_);
  called_ = true;
  steps_waited_ = 0;
}

/** Whether everything in the rings right after the calls was read. A ring without progress is a finding. */
bool Canary::IsRead(const RingReader& reader, Findings* findings) {
  if (reader.PastAll(heads_)) return true;
  if (++steps_waited_ < kPatience) return false;
  std::vector<uint64_t> positions;
  reader.CopyPositions(&positions);
  for (size_t cpu = 0; cpu < positions.size(); cpu++) {
    if (positions[cpu] < heads_[cpu] && positions[cpu] == positions_[cpu]) {
      findings->push_back({"ring-stuck", std::to_string(cpu)});
    }
  }
  return false;
}

void Canary::Judge(const std::function<uint64_t(uint64_t type)>& seen, Findings* findings) {
  for (Probe& probe : probes_) {
    probe.misses = seen(probe.type) == probe.before ? probe.misses + 1 : 0;
    if (probe.misses >= 2) findings->push_back({"calls-unseen", probe.name});
  }
}

}  // namespace wasprey
