// A map of one value that programs read while the addon writes to it in place.
#pragma once

#include <cstddef>

#include "system/file_descriptor.h"
#include "system/memory_map.h"
#include "system/result.h"

namespace wasprey {

struct MappedTable {
  FileDescriptor map;
  /** The value, in whole pages. */
  Mapping memory;

  /** @param name of the map  @param size of the value  @param what for errors: "kernel filter" */
  static Result<MappedTable> Make(const char* name, size_t size, const char* what);
};

}  // namespace wasprey
