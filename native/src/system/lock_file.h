// Locks on files, which Node.js does not support.
#pragma once

#include "system/result.h"

namespace wasprey {

/** Locks an open file until the descriptor is closed, or the process ends. False: another one has locked it. */
Result<bool> LockFile(int fd);

}  // namespace wasprey
