#include "images/image_snapshot.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "images/annex.h"

namespace wasprey {
namespace {

constexpr uint32_t kNone = ImageStore::kNone;

constexpr string_ref image::* kStrings[] = {&image::executable, &image::argv,   &image::environment,
                                            &image::cwd,        &image::cgroup, &image::stream};

/** A lifecycle record of an image in the table; with all of its strings, or none if a replay has them from another
 * image. */
std::vector<uint8_t> RecordOf(const image& process, uint16_t kind, uint64_t parent, uint64_t previous, bool inherits) {
  std::vector<uint8_t> bytes(kImageKernelHalf);
  image fixed = process;
  for (const auto member : kStrings) {
    fixed.*member = {};
    if (inherits) continue;
    // A change without a stream would inherit that of the image before.
    const bool cleared = kind == IMAGE_CHANGE && member == &image::stream;
    if ((process.*member).offset == 0 && !cleared) continue;
    const std::string_view text = StringOf(&process, process.*member);
    fixed.*member = {static_cast<uint32_t>(bytes.size()), static_cast<uint32_t>(text.size())};
    bytes.insert(bytes.end(), text.begin(), text.end());
  }
  bytes.resize((bytes.size() + 7) & ~size_t{7});
  fixed.size = static_cast<uint32_t>(bytes.size());
  fixed.kind = kind;
  fixed.parent = parent;
  fixed.previous = previous;
  memcpy(bytes.data(), &fixed, kImageKernelHalf);
  return bytes;
}

/** The end of a process, as the kernel reports it. */
std::vector<uint8_t> EndOf(const image& process) {
  std::vector<uint8_t> bytes(kImageKernelHalf);
  image fixed{};
  fixed.size = kImageKernelHalf;
  fixed.kind = IMAGE_EXIT;
  fixed.flags = process.flags & IMAGE_FLAG_THREAD;
  fixed.id = process.id;
  fixed.pid = process.pid;
  fixed.exit_code = process.exit_code;
  memcpy(bytes.data(), &fixed, kImageKernelHalf);
  return bytes;
}

/** Whether the process of an image is gone, as far as is known here. */
bool HasEnded(const ImageStore& store, uint32_t index) {
  if (store.entry(index).current) return false;
  if (store.IsOfThread(index)) return true;
  const uint32_t current = store.ByPid(store.Slot(index)->pid);
  return current == kNone || store.Slot(current)->start_time != store.Slot(index)->start_time;
}

/** Whether two images share one text. */
bool HaveOneText(const ImageStore& store, uint32_t a, uint32_t b) {
  return a != kNone && b != kNone && store.entry(a).text != kNone && store.entry(a).text == store.entry(b).text;
}

}  // namespace

ImageFacts FactsOf(const ImageStore& store, uint32_t index) {
  const image* const process = store.Slot(index);
  const ContainerTable& containers = store.containers();
  return {
      .names = {StringOf(process, process->user_name), StringOf(process, process->group_name),
                StringOf(process, process->login_name), StringIn(process, process->user_home),
                StringIn(process, process->user_shell)},
      .container = containers.FullIdOf(store.entry(index).container),
      .container_type = containers.TypeOf(store.entry(index).container),
      .strings_of_parent = false,
  };
}

std::vector<uint32_t> ParentsFirst(const ImageStore& store) {
  std::vector<uint32_t> by_age;
  for (uint32_t index = ImageStore::kUnknown + 1; index < store.size(); index++) {
    if (store.entry(index).used) by_age.push_back(index);
  }
  std::sort(by_age.begin(), by_age.end(),
            [&](uint32_t a, uint32_t b) { return store.entry(a).id < store.entry(b).id; });
  std::vector<bool> placed(store.size());
  std::vector<uint32_t> order;
  std::vector<uint32_t> line;
  for (const uint32_t index : by_age) {
    for (uint32_t next = index; next != kNone && next != ImageStore::kUnknown && !placed[next];
         next = store.entry(next).parent) {
      placed[next] = true;
      line.push_back(next);
    }
    order.insert(order.end(), line.rbegin(), line.rend());
    line.clear();
  }
  return order;
}

void LogAllImages(const ImageStore& store, ImageLog* log) {
  const std::vector<uint32_t> order = ParentsFirst(store);
  std::unordered_map<uint32_t, uint32_t> by_pid;
  for (const uint32_t index : order) {
    const image& process = *store.Slot(index);
    const uint32_t parent = store.entry(index).parent;
    ImageFacts facts = FactsOf(store, index);
    facts.strings_of_parent = HaveOneText(store, index, parent);
    bool inherits = facts.strings_of_parent;
    uint16_t kind = IMAGE_SNAPSHOT;
    uint64_t previous = 0;
    if (!store.IsOfThread(index)) {
      const auto [found, is_first] = by_pid.try_emplace(process.pid, index);
      const uint32_t before = found->second;
      // Two current ones of a process are twins, which snapshots become again.
      if (!is_first && store.Slot(before)->start_time == process.start_time && !store.entry(before).current) {
        // The scope of a capture may have a session without the image before.
        inherits = inherits || (HaveOneText(store, index, before) && store.Slot(before)->sid == process.sid);
        // A change would inherit what this one lacks. Otherwise no program seems to start.
        const bool lacks = process.argv.offset == 0 || process.environment.offset == 0;
        kind = lacks && !inherits ? IMAGE_EXEC : IMAGE_CHANGE;
        previous = store.entry(before).id;
      }
      found->second = index;
    }
    const uint64_t parent_id = parent == kNone ? 0 : store.entry(parent).id;
    log->Append(RecordOf(process, kind, parent_id, previous, inherits), facts);
  }
  // Afterwards: until then, other images find them as leaders by their numbers.
  for (const uint32_t index : order) {
    if (HasEnded(store, index)) log->Append(EndOf(*store.Slot(index)), {});
  }
}

}  // namespace wasprey
