// Replaying: what a recording holds goes in where the kernel's would, in the order in which it was read then.

#include <algorithm>
#include <cstring>

#include "capture.h"

namespace wasprey {

Status Capture::Replay(const ReplayStep& step) {
  if (replay_clock_ == 0) next_sweep_ = 0;
  // Only ever forward, whatever a damaged recording says.
  replay_clock_ = std::max(replay_clock_, step.clock);
  // Before the images, as it was: one whose time was over then is no parent of a later one.
  Housekeep();
  for (auto rest = step.images; !rest.empty();) {
    const auto image = ImageLog::Read(rest);
    if (!image) return Error{"CAPTURE_RECORD", "A process image of the recording is invalid.", ""};
    images_.Add(image->record.data(), image->record.size(), &image->facts);
    rest = rest.subspan(image->size);
  }
  if (step.snapshot_complete) images_.LinkSnapshots();
  for (auto rest = step.events; !rest.empty();) {
    event_header header{};
    if (rest.size() >= sizeof header) memcpy(&header, rest.data(), sizeof header);
    // Zero when it is cut off: no record has that size.
    const size_t size = header.size <= rest.size() ? header.size : 0;
    if (auto failed = builder_->InjectRecorded(rest.data(), size)) return failed;
    rest = rest.subspan(size);
  }
  return std::nullopt;
}

}  // namespace wasprey
