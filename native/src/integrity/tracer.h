// Whether another process traces (ptrace) this one: a tracer can close its descriptors, and change its memory.
#pragma once

#include <cstdint>

#include "system/file_descriptor.h"

namespace wasprey {

class TracerWatch {
 public:
  /** Id of the process that traces the first thread or the calling one; 0: none, or not visible from here. */
  uint32_t Find();

 private:
  FileDescriptor process_;
  FileDescriptor thread_;
  bool opened_ = false;
};

}  // namespace wasprey
