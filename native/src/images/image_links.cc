#include "images/image_links.h"

namespace wasprey {
namespace {

/** How many ancestors are searched for an unknown session leader. */
constexpr int kMostHops = 64;

}  // namespace

/**
 * The image of the process that this one was forked from. A process that goes on has it from its image before: the
 * parent that a record names may be one that adopted it.
 */
uint32_t ImageLinks::ParentOf(const image& record, uint32_t source) const {
  if (source != kNone && record.kind != IMAGE_FORK && store_->entry(source).parent != kNone)
    return store_->entry(source).parent;
  const bool named = record.parent != 0 && record.parent != record.id;
  const uint32_t parent = named ? store_->ById(record.parent) : kNone;
  if (parent != kNone) return parent;
  if (source != kNone && record.kind == IMAGE_FORK) return source;
  if (record.kind != IMAGE_SNAPSHOT || record.ppid == 0 || record.ppid == record.pid) return kNone;
  const uint32_t by_number = store_->ByPid(record.ppid);
  // The number may have been given to a younger process meanwhile.
  if (by_number == kNone || store_->Slot(by_number)->start_time > record.start_time) return kNone;
  return by_number;
}

/**
 * The image of the leader of the session or process group: by its pid, else the previous image's or the parent's
 * leader, else the oldest ancestor in the same session, as for Falco's proc.sname.
 */
uint32_t ImageLinks::LeaderOf(uint32_t index, uint32_t source, uint32_t image::* member,
                              uint32_t ImageEntry::* leader) const {
  const uint32_t number = store_->Slot(index)->*member;
  if (number == 0) return kNone;
  if (store_->Slot(index)->pid == number) return index;
  const uint32_t by_number = store_->ByPid(number);
  if (by_number != kNone && store_->Slot(by_number)->*member == number) return by_number;
  if (source != kNone && store_->Slot(source)->*member == number && store_->entry(source).*leader != kNone) {
    return store_->entry(source).*leader;
  }
  uint32_t oldest = kNone;
  uint32_t ancestor = store_->entry(index).parent;
  for (int hop = 0; hop < kMostHops && ancestor != kNone && store_->Slot(ancestor)->*member == number; hop++) {
    if (store_->entry(ancestor).*leader != kNone) return store_->entry(ancestor).*leader;
    oldest = ancestor;
    ancestor = store_->entry(ancestor).parent;
  }
  return oldest;
}

void ImageLinks::Link(uint32_t index, const image& record, uint32_t source) {
  SetParent(index, ParentOf(record, source));
  LinkLeaders(index, source);
}

void ImageLinks::LinkLeaders(uint32_t index, uint32_t source) {
  SetLink(index, &ImageEntry::session, &image::session_address,
          LeaderOf(index, source, &image::sid, &ImageEntry::session));
  SetLink(index, &ImageEntry::group, &image::group_leader_address,
          LeaderOf(index, source, &image::pgid, &ImageEntry::group));
}

/** Links one image to another, which is kept. An image that is its own leader does not keep itself. */
void ImageLinks::SetLink(uint32_t index, uint32_t ImageEntry::* link, uint32_t image::* address, uint32_t target) {
  const uint32_t before = store_->entry(index).*link;
  if (target != kNone && target != index) store_->entry(target).references++;
  store_->entry(index).*link = target;
  store_->Slot(index)->*address = target == kNone ? 0 : store_->AddressOf(target);
  if (before != kNone && before != index) Unreference(before);
}

void ImageLinks::LinkSnapshots() {
  for (uint32_t index = ImageStore::kUnknown + 1; index < store_->size(); index++) {
    if (!store_->entry(index).used) continue;
    const image& process = *store_->Slot(index);
    if (store_->entry(index).parent == kNone && process.kind == IMAGE_SNAPSHOT) {
      const uint32_t parent = ParentOf(process, kNone);
      if (!Descends(parent, index)) SetParent(index, parent);
    }
    LinkLeaders(index, kNone);
  }
}

/** Whether `ancestor` is `index` or one of its ancestors: a link back would close a circle. */
bool ImageLinks::Descends(uint32_t index, uint32_t ancestor) const {
  while (index != kNone && index != ancestor) index = store_->entry(index).parent;
  return index != kNone;
}

void ImageLinks::Drop(uint32_t index, const std::vector<bool>* goes) {
  const auto is_dropped = [&](uint32_t target) { return target != kNone && (goes == nullptr || (*goes)[target]); };
  const auto drop = [&](uint32_t ImageEntry::* link, uint32_t image::* address) {
    if (is_dropped(store_->entry(index).*link)) SetLink(index, link, address, kNone);
  };
  drop(&ImageEntry::session, &image::session_address);
  drop(&ImageEntry::group, &image::group_leader_address);
  const uint32_t twin = store_->entry(index).twin;
  if (!is_dropped(twin)) return;
  store_->entry(index).twin = kNone;
  Unreference(twin);
}

void ImageLinks::Unreference(uint32_t index) {
  std::vector<uint32_t> pending{index};
  while (!pending.empty()) {
    const uint32_t next = pending.back();
    pending.pop_back();
    ImageEntry& entry = store_->entry(next);
    if (--entry.references > 0) continue;
    for (const uint32_t target : {entry.parent, entry.session, entry.group, entry.twin}) {
      if (target != kNone && target != next) pending.push_back(target);
    }
    store_->Free(next);
  }
}

}  // namespace wasprey
