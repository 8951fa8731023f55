// The kernel is asked as liburing does it, by a ring that is closed at once.

#include "loading/io_uring_operations.h"

#include <linux/io_uring.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <string>

#include "system/file_descriptor.h"

namespace wasprey {
namespace {

constexpr unsigned kMostOperations = 256;

struct alignas(io_uring_probe) ProbeSpace {
  std::array<std::byte, sizeof(io_uring_probe) + kMostOperations * sizeof(io_uring_probe_op)> bytes{};
};

FileDescriptor MakeRing() {
  io_uring_params parameters{};
  return FileDescriptor(static_cast<int>(syscall(SYS_io_uring_setup, 1, &parameters)));
}

}  // namespace

/**
 * ENOSYS does not prove it: a seccomp profile may return it instead of the kernel. The function by which a process
 * that ends cancels its requests is in all kernels with io_uring since 5.14, and in none without.
 */
bool KernelHasIoUring() {
  if (MakeRing() || errno != ENOSYS) return true;
  std::ifstream symbols("/proc/kallsyms");
  bool readable = false;
  for (std::string line; std::getline(symbols, line); readable = true) {
    if (line.ends_with(" __io_uring_cancel")) return true;
  }
  return !readable;
}

std::optional<std::vector<std::string_view>> MissingIoUringOperations() {
  const FileDescriptor ring = MakeRing();
  if (!ring) return std::nullopt;
  ProbeSpace space;
  auto* const probe = reinterpret_cast<io_uring_probe*>(space.bytes.data());
  if (syscall(SYS_io_uring_register, ring.get(), IORING_REGISTER_PROBE, probe, kMostOperations) != 0)
    return std::nullopt;
  const auto* const operations =
      reinterpret_cast<const io_uring_probe_op*>(space.bytes.data() + sizeof(io_uring_probe));
  std::vector<std::string_view> missing;
  for (const IoUringOperation& operation : kIoUringOperations) {
    const bool known =
        operation.number < probe->ops_len && (operations[operation.number].flags & IO_URING_OP_SUPPORTED) != 0;
    if (!known) missing.push_back(operation.name);
  }
  return missing;
}

}  // namespace wasprey
