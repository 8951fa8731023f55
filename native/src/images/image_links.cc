// Links to a process's parent and to the leaders of its session and group. A link keeps its target; all links point to
// older images, except those of the snapshot at the start.

#include "images/image_table.h"

namespace wasprey {
namespace {

/** How many ancestors are searched for an unknown session leader. */
constexpr int kMostHops = 64;

}  // namespace

/**
 * The image of the process that this one was forked from. A process that goes on has it from its image before: the
 * parent that a record names may be one that adopted it.
 */
uint32_t ImageTable::ParentOf(const image& record, uint32_t source) const {
  if (source != kNone && record.kind != IMAGE_FORK && entries_[source].parent != kNone) return entries_[source].parent;
  const bool named = record.parent != 0 && record.parent != record.id;
  const uint32_t parent = named ? by_id_.Find(record.parent) : IdMap::kNone;
  if (parent != IdMap::kNone) return parent;
  if (source != kNone && record.kind == IMAGE_FORK) return source;
  if (record.kind != IMAGE_SNAPSHOT || record.ppid == 0 || record.ppid == record.pid) return kNone;
  const uint32_t by_number = by_pid_.Find(record.ppid);
  // The number may have been given to a younger process meanwhile.
  if (by_number == IdMap::kNone || Slot(by_number)->start_time > record.start_time) return kNone;
  return by_number;
}

/**
 * The image of the leader of the session or process group: by its pid, else the previous image's or the parent's
 * leader, else the oldest ancestor in the same session, as for Falco's proc.sname.
 */
uint32_t ImageTable::LeaderOf(uint32_t index, uint32_t source, uint32_t image::* member,
                              uint32_t Entry::* leader) const {
  const uint32_t number = Slot(index)->*member;
  if (number == 0) return kNone;
  if (Slot(index)->pid == number) return index;
  const uint32_t by_number = by_pid_.Find(number);
  if (by_number != IdMap::kNone && Slot(by_number)->*member == number) return by_number;
  if (source != kNone && Slot(source)->*member == number && entries_[source].*leader != kNone) {
    return entries_[source].*leader;
  }
  uint32_t oldest = kNone;
  uint32_t ancestor = entries_[index].parent;
  for (int hop = 0; hop < kMostHops && ancestor != kNone && Slot(ancestor)->*member == number; hop++) {
    if (entries_[ancestor].*leader != kNone) return entries_[ancestor].*leader;
    oldest = ancestor;
    ancestor = entries_[ancestor].parent;
  }
  return oldest;
}

void ImageTable::LinkLeaders(uint32_t index, uint32_t source) {
  SetLink(index, &Entry::session, &image::session_address, LeaderOf(index, source, &image::sid, &Entry::session));
  SetLink(index, &Entry::group, &image::group_leader_address, LeaderOf(index, source, &image::pgid, &Entry::group));
}

/** Links one image to another, which is kept. An image that is its own leader does not keep itself. */
void ImageTable::SetLink(uint32_t index, uint32_t Entry::* link, uint32_t image::* address, uint32_t target) {
  const uint32_t before = entries_[index].*link;
  if (target != kNone && target != index) entries_[target].references++;
  entries_[index].*link = target;
  Slot(index)->*address = target == kNone ? 0 : AddressOf(target);
  if (before != kNone && before != index) Unreference(before);
}

void ImageTable::LinkSnapshots() {
  for (uint32_t index = kUnknown + 1; index < entries_.size(); index++) {
    if (!entries_[index].used) continue;
    const image& process = *Slot(index);
    if (entries_[index].parent == kNone && process.kind == IMAGE_SNAPSHOT) {
      const uint32_t parent = ParentOf(process, kNone);
      if (!Descends(parent, index)) SetLink(index, &Entry::parent, &image::parent_address, parent);
    }
    LinkLeaders(index, kNone);
  }
}

/** Whether `ancestor` is `index` or one of its ancestors: a link back would close a circle. */
bool ImageTable::Descends(uint32_t index, uint32_t ancestor) const {
  while (index != kNone && index != ancestor) index = entries_[index].parent;
  return index != kNone;
}

}  // namespace wasprey
