// Operations of io_uring that correspond to captured calls, and those that this kernel supports.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "records/kernel_layout.h"

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

/** Whether the kernel was built with io_uring. True if unknown. */
bool KernelHasIoUring();

/** The operations above that the kernel lacks; empty if unknown. */
std::optional<std::vector<std::string_view>> MissingIoUringOperations();

}  // namespace wasprey
