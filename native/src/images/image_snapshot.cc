// All images of the table as entries of a log, so that a replay of them links each as it is linked here.

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "images/image_table.h"

namespace wasprey {
namespace {

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

}  // namespace

/** Older images first, but each after its parent: of the processes that ran at the start, a parent may be the younger.
 */
std::vector<uint32_t> ImageTable::ParentsFirst() const {
  std::vector<uint32_t> by_age;
  for (uint32_t index = kUnknown + 1; index < entries_.size(); index++) {
    if (entries_[index].used) by_age.push_back(index);
  }
  std::sort(by_age.begin(), by_age.end(), [&](uint32_t a, uint32_t b) { return entries_[a].id < entries_[b].id; });
  std::vector<bool> placed(entries_.size());
  std::vector<uint32_t> order;
  std::vector<uint32_t> line;
  for (const uint32_t index : by_age) {
    for (uint32_t next = index; next != kNone && next != kUnknown && !placed[next]; next = entries_[next].parent) {
      placed[next] = true;
      line.push_back(next);
    }
    order.insert(order.end(), line.rbegin(), line.rend());
    line.clear();
  }
  return order;
}

/** Whether the process of an image is gone, as far as is known here. */
bool ImageTable::HasEnded(uint32_t index) const {
  if (entries_[index].current) return false;
  if (IsOfThread(index)) return true;
  const uint32_t current = by_pid_.Find(Slot(index)->pid);
  return current == IdMap::kNone || Slot(current)->start_time != Slot(index)->start_time;
}

/** Whether two images share one text. */
bool ImageTable::HaveOneText(uint32_t a, uint32_t b) const {
  return a != kNone && b != kNone && entries_[a].text != kNone && entries_[a].text == entries_[b].text;
}

/**
 * Images that share a text have its strings once, in the record of the first of them: any user can fork thousands of
 * processes with long arguments, and the log must not be larger than the table for that.
 */
void ImageTable::LogAll(ImageLog* log) const {
  const std::vector<uint32_t> order = ParentsFirst();
  std::unordered_map<uint32_t, uint32_t> by_pid;
  for (const uint32_t index : order) {
    const image& process = *Slot(index);
    const uint32_t parent = entries_[index].parent;
    ImageFacts facts = FactsOf(index);
    facts.strings_of_parent = HaveOneText(index, parent);
    bool inherits = facts.strings_of_parent;
    uint16_t kind = IMAGE_SNAPSHOT;
    uint64_t previous = 0;
    if (!IsOfThread(index)) {
      const auto [found, is_first] = by_pid.try_emplace(process.pid, index);
      const uint32_t before = found->second;
      // Two current ones of a process are twins, which snapshots become again.
      if (!is_first && Slot(before)->start_time == process.start_time && !entries_[before].current) {
        // The scope of a capture may have a session without the image before.
        inherits = inherits || (HaveOneText(index, before) && Slot(before)->sid == process.sid);
        // A change would inherit what this one lacks. Otherwise no program seems to start.
        const bool lacks = process.argv.offset == 0 || process.environment.offset == 0;
        kind = lacks && !inherits ? IMAGE_EXEC : IMAGE_CHANGE;
        previous = entries_[before].id;
      }
      found->second = index;
    }
    const uint64_t parent_id = parent == kNone ? 0 : entries_[parent].id;
    log->Append(RecordOf(process, kind, parent_id, previous, inherits), facts);
  }
  // Afterwards: until then, other images find them as leaders by their numbers.
  for (const uint32_t index : order) {
    if (HasEnded(index)) log->Append(EndOf(*Slot(index)), {});
  }
}

}  // namespace wasprey
