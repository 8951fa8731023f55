// The root of the unified hierarchy of cgroups, which all processes are below.
#pragma once

#include "system/file_descriptor.h"

namespace wasprey {

/** Opens it, though it may be mounted nowhere; invalid with errno without. */
FileDescriptor OpenRootCgroup();

}  // namespace wasprey
