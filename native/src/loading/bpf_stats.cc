#include "loading/bpf_stats.h"

#include <bpf/bpf.h>

#include <cerrno>

#include "loading/bpf_error.h"

namespace wasprey {

Result<FileDescriptor> MeasureBpfPrograms() {
  const int fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
  if (fd < 0) return Error{"CAPTURE_STATS", "the kernel refuses to measure BPF programs", BpfErrorText(errno)};
  return FileDescriptor(fd);
}

}  // namespace wasprey
