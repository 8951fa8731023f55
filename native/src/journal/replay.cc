#include "journal/replay.h"

#include <cstring>

#include "images/image_log.h"

namespace wasprey {

Status Replay(const ReplayStep& step, ImageTable* images, BuilderSource* builder) {
  for (auto rest = step.images; !rest.empty();) {
    const auto image = ImageLog::Read(rest);
    if (!image) return Error{"CAPTURE_RECORD", "A process image of the recording is invalid.", ""};
    images->Add(image->record.data(), image->record.size(), &image->facts);
    rest = rest.subspan(image->size);
  }
  if (step.snapshot_complete) images->LinkSnapshots();
  for (auto rest = step.events; !rest.empty();) {
    event_header header{};
    if (rest.size() >= sizeof header) memcpy(&header, rest.data(), sizeof header);
    // Zero if truncated: no record has that size.
    const size_t size = header.size <= rest.size() ? header.size : 0;
    if (auto failed = builder->InjectRecorded(rest.data(), size)) return failed;
    rest = rest.subspan(size);
  }
  return std::nullopt;
}

}  // namespace wasprey
