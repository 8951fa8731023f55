// Processes by pidfd, which Node.js does not support: a descriptor stands for one process, whoever has its pid later.
#pragma once

#include "system/file_descriptor.h"
#include "system/result.h"

namespace wasprey {

/** A pidfd. Empty where no process has that pid. */
Result<FileDescriptor> OpenProcess(int pid);
/** False if the process has ended. */
Result<bool> SignalProcess(int pidfd, int signal);

}  // namespace wasprey
