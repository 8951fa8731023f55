// Whether the kernel measures BPF programs. It costs each run of each program of the machine two looks at the clock.
#pragma once

#include "file_descriptor.h"
#include "result.h"

namespace wasprey {

/** The kernel counts and times the runs of all BPF programs until this is closed. */
Result<FileDescriptor> MeasureBpfPrograms();

}  // namespace wasprey
