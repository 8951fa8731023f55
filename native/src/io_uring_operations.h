// Operations of io_uring that stand for calls which rules read, and which of them this kernel knows.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "kernel_layout.h"

namespace wasprey {

struct IoUringOperation {
  std::string_view name;
  /** IORING_OP_* */
  uint8_t number;
  uint64_t type;
};

inline constexpr IoUringOperation kIoUringOperations[] = {
#define WASPREY_REQUEST(operation, number, type) {#operation, number, type},
    WASPREY_REQUESTS(WASPREY_REQUEST)
#undef WASPREY_REQUEST
};

/** Whether the kernel was built with io_uring. True where that can't be found out. */
bool KernelHasIoUring();

/** Of the operations above those that the kernel does not know; nothing where it can't be asked. */
std::optional<std::vector<std::string_view>> MissingIoUringOperations();

}  // namespace wasprey
