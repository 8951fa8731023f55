// Lets the kernel measure BPF programs. It costs two clock reads for each run of every program of the machine.
#pragma once

#include "system/file_descriptor.h"
#include "system/result.h"

namespace wasprey {

/** The kernel counts and times the runs of all BPF programs until this is closed. */
Result<FileDescriptor> MeasureBpfPrograms();

}  // namespace wasprey
