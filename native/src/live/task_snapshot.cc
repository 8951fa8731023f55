#include "live/task_snapshot.h"

#include <bpf/bpf.h>
#include <unistd.h>

#include <cerrno>

#include "loading/bpf_error.h"
#include "system/file_descriptor.h"

namespace wasprey {
namespace {

constexpr std::string_view kSnapshot = "snapshot_tasks";
/** Of a snapshot, that are taken between two looks at the lifecycle ring: their images fit into its rest. */
constexpr uint64_t kTasksAtLeast = 128;
static_assert(kTasksAtLeast * LONGEST_IMAGE <= LIFECYCLE_BYTES / 2);

}  // namespace

Status TakeSnapshot(const BpfPrograms& programs, capture_shared* shared, const std::function<void()>& drain) {
  const int program = programs.Find(kSnapshot);
  if (program < 0) return LoadError("Finding the task iterator", ENOENT);
  const FileDescriptor link(bpf_link_create(program, 0, BPF_TRACE_ITER, nullptr));
  if (!link) return LoadError("Attaching the task iterator", errno);
  const FileDescriptor iterator(bpf_iter_create(link.get()));
  if (!iterator) return LoadError("Starting the task iterator", errno);
  // A read runs the program until images fill an eighth of the lifecycle ring, and on some tasks more (EAGAIN), or on a
  // million tasks.
  char nothing[64];
  for (;;) {
    __atomic_store_n(&shared->snapshot_left, kTasksAtLeast, __ATOMIC_RELAXED);
    const ssize_t got = read(iterator.get(), nothing, sizeof nothing);
    if (got == 0) return std::nullopt;
    if (got < 0 && errno != EAGAIN && errno != EINTR) return LoadError("Reading the task iterator", errno);
    drain();
  }
}

}  // namespace wasprey
