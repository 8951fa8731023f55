// Operations of io_uring that correspond to captured calls, and those that this kernel supports.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "kernel_layout.h"

namespace wasprey {

struct IoUringOperation {
  std::string_view name;
  /** IORING_OP_*, written out: headers older than the operation lack its name. */
  uint8_t number;
  uint64_t type;
};

/** As request_type() in native/bpf/io_uring.h has them; a unit test compares. */
inline constexpr IoUringOperation kIoUringOperations[] = {
    {"SENDMSG", 9, EVENT_SENDMSG},     {"RECVMSG", 10, EVENT_RECVMSG}, {"ACCEPT", 13, EVENT_ACCEPT4},
    {"CONNECT", 16, EVENT_CONNECT},    {"OPENAT", 18, EVENT_OPENAT},   {"SEND", 26, EVENT_SENDTO},
    {"RECV", 27, EVENT_RECVFROM},      {"OPENAT2", 28, EVENT_OPENAT2}, {"RENAMEAT", 35, EVENT_RENAMEAT2},
    {"UNLINKAT", 36, EVENT_UNLINKAT},  {"MKDIRAT", 37, EVENT_MKDIRAT}, {"SYMLINKAT", 38, EVENT_SYMLINKAT},
    {"LINKAT", 39, EVENT_LINKAT},      {"SOCKET", 45, EVENT_SOCKET},   {"SEND_ZC", 47, EVENT_SENDTO},
    {"SENDMSG_ZC", 48, EVENT_SENDMSG}, {"BIND", 56, EVENT_BIND},       {"LISTEN", 57, EVENT_LISTEN},
};

/** Whether the kernel was built with io_uring. True if unknown. */
bool KernelHasIoUring();

/** The operations above that the kernel lacks; empty if unknown. */
std::optional<std::vector<std::string_view>> MissingIoUringOperations();

}  // namespace wasprey
