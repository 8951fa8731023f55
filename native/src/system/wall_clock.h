// The wall clock, which dates events, and may be set at any time.
#pragma once

#include <cstdint>
#include <optional>

#include "system/file_descriptor.h"

namespace wasprey {

class WallClock {
 public:
  WallClock();

  /**
   * ns to add to the boot clock for wall time: updated each second, because the clocks drift, and at once when somebody
   * has set the wall clock. Costs two clock reads otherwise.
   */
  std::optional<uint64_t> NewOffset();

  /** Becomes readable when the wall clock is set; -1 if the kernel does not support it. */
  int watch() const { return watch_.get(); }
  void ClearWatch();

 private:
  FileDescriptor watch_;
  uint64_t next_ = 0;
  /** How far it was ahead of the monotonic clock at the last offset. */
  uint64_t ahead_ = 0;
};

}  // namespace wasprey
