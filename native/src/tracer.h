// Whether another process traces (ptrace) this one: it can then close what it holds, and change its memory.
#pragma once

#include <cstdint>

#include "file_descriptor.h"

namespace wasprey {

class TracerWatch {
 public:
  /** Number of the process that traces the first thread or the calling one; 0: none that can be seen from here. */
  uint32_t Find();

 private:
  FileDescriptor process_;
  FileDescriptor thread_;
  bool opened_ = false;
};

}  // namespace wasprey
