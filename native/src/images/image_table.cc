// Adding lifecycle records, and which image a process has now.

#include "images/image_table.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "records/socket_name.h"

namespace wasprey {
namespace {

/** Checks sizes, kind and strings of a record; everything else in it is just a number. */
bool IsSound(const image& fixed, size_t size) {
  if (fixed.size != size || fixed.id == 0) return false;
  if (fixed.kind < IMAGE_FORK || fixed.kind > IMAGE_SNAPSHOT) return false;
  const string_ref strings[] = {fixed.executable, fixed.argv, fixed.environment, fixed.cwd, fixed.cgroup, fixed.stream};
  return std::all_of(std::begin(strings), std::end(strings), [&](const string_ref& text) {
    return StringFits(text, kImageKernelHalf, static_cast<uint32_t>(size));
  });
}

/** Writes the name of a stream that a record may have to `room`; absent if it has none. */
OptionalText NameStream(const void* record, const string_ref& stream, std::span<char, kLongestSocketName> room) {
  event_network socket{};
  const std::string_view bytes = StringOf(record, stream);
  constexpr size_t kDescribed = offsetof(event_network, name);
  if (bytes.size() < kDescribed) return {};
  memcpy(static_cast<void*>(&socket), bytes.data(), kDescribed);
  if (socket.kind != '4' && socket.kind != '6') return {};
  return {true, {room.data(), WriteSocketName(room.data(), socket, "", 0)}};
}

}  // namespace

ImageTable::ImageTable(SandboxRegion region, uint32_t address, ContainerTable* containers)
    : region_(std::move(region)),
      address_(address),
      containers_(containers),
      blocks_(static_cast<uint32_t>(region_.size())),
      owners_(blocks_.capacity() / BuddyAllocator::kSmallest),
      texts_(&blocks_, &region_) {
  AddUnknown();
}

void ImageTable::AddUnknown() {
  const uint32_t index = NewEntry();
  const uint32_t slot = blocks_.Allocate(sizeof(image));
  Entry& entry = entries_[index];
  entry = {.slot = slot, .container = ContainerTable::kUnknown, .references = 1, .used = true, .held = true};
  owners_[slot / BuddyAllocator::kSmallest] = index + 1;
  shares_.Take(entry.owner, blocks_.BlockSize(slot));
  image* unknown = Slot(index);
  *unknown = {};
  unknown->size = sizeof(image);
  unknown->kind = IMAGE_SNAPSHOT;
  unknown->flags = IMAGE_FLAG_UNKNOWN;
  unknown->uid = unknown->gid = unknown->login_uid = 0xffffffff;
  // Falco prints <NA> for the name of a process it does not know, as a present string.
  memcpy(unknown->comm_bytes, kNoName.data(), kNoName.size());
  unknown->container_address = containers_->AddressOf(ContainerTable::kUnknown);
  std::fill(std::begin(unknown->candidates), std::end(unknown->candidates), kAllCandidates);
  ImageText text;
  text.comm = CommOf(*unknown);
  text.names = {kNoName, kNoName, kNoName, {}, {}};
  StoreText(index, text);
  // Rules do not test what candidates decide, so this image needs candidates like any other.
  AnnounceNew(index);
}

void ImageTable::Add(const uint8_t* bytes, size_t size, const ImageFacts* recorded) {
  image record{};
  if (size < kImageKernelHalf || size > BuddyAllocator::kLargest / 4) {
    lost_++;
    return;
  }
  memcpy(&record, bytes, kImageKernelHalf);
  if (!IsSound(record, size)) {
    lost_++;
    return;
  }
  if (record.kind == IMAGE_EXIT) {
    Log(bytes, size, kNone);
    Exit(record);
    return;
  }
  if (by_id_.Find(record.id) != IdMap::kNone) {
    lost_++;
    return;
  }
  if (record.previous != 0) LeaveHeldBack(record.previous);
  const uint32_t source = SourceOf(record);
  const bool is_change = record.kind == IMAGE_CHANGE && source != kNone;
  const bool of_parent = recorded != nullptr && recorded->strings_of_parent;
  const uint32_t model = of_parent ? by_id_.Find(record.parent) : source;
  // Its text is copied below, so it must not be evicted.
  pinned_ = model;
  for (const uint32_t used : {source, model}) {
    if (used != kNone) entries_[used].references++;
  }
  if ((!is_change || MayReplace(source)) && AddFrom(record, bytes, {source, model}, recorded)) {
    if (is_change) CountReplaced(by_id_.Find(record.id), source);
    Log(bytes, size, by_id_.Find(record.id), of_parent);
  } else {
    lost_++;
    if (is_change) HoldBack(record, source, bytes, recorded != nullptr);
  }
  for (const uint32_t used : {source, model}) {
    if (used != kNone) Unreference(used);
  }
  pinned_ = kNone;
}

void ImageTable::Log(const uint8_t* record, size_t size, uint32_t index, bool strings_of_parent) {
  if (log_ == nullptr) return;
  ImageFacts facts = index == kNone ? ImageFacts{} : FactsOf(index);
  facts.strings_of_parent = strings_of_parent;
  log_->Append({record, size}, facts);
}

ImageFacts ImageTable::FactsOf(uint32_t index) const {
  const image* const process = Slot(index);
  return {
      .names = {StringOf(process, process->user_name), StringOf(process, process->group_name),
                StringOf(process, process->login_name), StringIn(process, process->user_home),
                StringIn(process, process->user_shell)},
      .container = containers_->FullIdOf(entries_[index].container),
      .container_type = containers_->TypeOf(entries_[index].container),
      .strings_of_parent = false,
  };
}

namespace {

constexpr uint32_t kExecutableFlags =
    IMAGE_FLAG_EXE_WRITABLE | IMAGE_FLAG_EXE_UPPER_LAYER | IMAGE_FLAG_EXE_FROM_MEMFD | IMAGE_FLAG_EXE_LOWER_LAYER;

/** What is known of the executable stays, as its path does: a process can name another one to the kernel (PR_SET_MM).
 */
void KeepExecutable(const image& model, image* process) {
  process->exe_inode = model.exe_inode;
  process->exe_device = model.exe_device;
  process->exe_ctime = model.exe_ctime;
  process->exe_mtime = model.exe_mtime;
  process->flags = (process->flags & ~kExecutableFlags) | (model.flags & kExecutableFlags);
}

}  // namespace

bool ImageTable::AddFrom(const image& record, const uint8_t* bytes, Origin origin, const ImageFacts* recorded) {
  const auto [source, text_source] = origin;
  const uint64_t owner = OwnerOf(record, bytes, text_source);
  if (!shares_.MayHaveMore(owner, FreeRoom())) return false;
  const uint32_t slot = Allocate(sizeof(image));
  if (slot == BuddyAllocator::kNone) return false;
  const uint32_t index = NewEntry();
  owners_[slot / BuddyAllocator::kSmallest] = index + 1;
  shares_.Take(owner, blocks_.BlockSize(slot));
  entries_[index] = {.id = record.id, .slot = slot, .owner = owner, .references = 1, .used = true, .held = true};
  image* process = Slot(index);
  *process = record;
  process->size = sizeof(image);
  process->start_time = StartOf(record, source);

  const image* model = text_source == kNone ? nullptr : Slot(text_source);
  if (model != nullptr && record.kind != IMAGE_EXEC && record.executable.offset == 0) KeepExecutable(*model, process);
  ImageText text = TextOf(record, bytes, model);
  char stream_name[kLongestSocketName];
  if (record.stream.offset != 0) text.stream_name = NameStream(bytes, record.stream, stream_name);
  entries_[index].container = ContainerOf(record, owner, text_source, text.cgroup.text, recorded);
  process->container_address = containers_->AddressOf(entries_[index].container);
  // Whether it can share the text of the image it continues: nothing in the text has changed.
  const bool inherited = model != nullptr && record.executable.offset == 0 && record.argv.offset == 0 &&
                         record.environment.offset == 0 && text.cwd.text == StringOf(model, model->cwd) &&
                         record.cgroup.offset == 0 && record.stream.offset == 0 && record.kind != IMAGE_EXEC &&
                         CommOf(*model) == CommOf(record) && model->uid == record.uid && model->gid == record.gid &&
                         model->login_uid == record.login_uid &&
                         entries_[text_source].container == entries_[index].container;
  if (inherited) {
    ShareText(index, text_source);
  } else {
    text.names = recorded != nullptr
                     ? recorded->names
                     : users_.Lookup(entries_[index].container, record.pid, record.uid, record.gid, record.login_uid);
    if (!StoreText(index, text)) {
      Free(index);
      return false;
    }
  }
  std::fill(std::begin(process->candidates), std::end(process->candidates), kAllCandidates);
  by_id_.Set(record.id, index);
  live_++;
  SetLink(index, &Entry::parent, &image::parent_address, ParentOf(record, source));
  LinkLeaders(index, source);
  BecomeCurrent(index, record.kind, source);
  if (!scopes_.empty()) Place(index, source);
  if (places_.IsUsed() && !NotePlace(index)) unplaced_++;
  AnnounceNew(index);
  return true;
}

void ImageTable::BecomeCurrent(uint32_t index, uint32_t kind, uint32_t source) {
  entries_[index].current = true;
  // A thread has left its own image; that of its process stays with the process.
  if (source != kNone && kind != IMAGE_FORK && IsOfThread(source) && entries_[source].current) Retire(source);
  if (IsOfThread(index)) return;
  const uint32_t pid = Slot(index)->pid;
  if (pid == 0) return;
  const uint32_t before = by_pid_.Find(pid);
  by_pid_.Set(pid, index);
  changes_.erase(pid);
  if (before == IdMap::kNone || !entries_[before].current) return;
  if (kind == IMAGE_SNAPSHOT && Slot(before)->start_time == Slot(index)->start_time) {
    // A snapshot may race with the fork or exec that makes an image of the same process: the kernel keeps one of the
    // two ids, and does not say which. Both stay until the process goes on.
    entries_[index].twin = before;
    entries_[before].references++;
    return;
  }
  Retire(before);
}

/** The process has left this image. Events that name it may still be in the rings. */
void ImageTable::Retire(uint32_t index) {
  for (uint32_t next = index; next != kNone && entries_[next].current; next = entries_[next].twin) {
    entries_[next].current = false;
    for (KernelFilter* const filter : filters_) {
      if (filter != nullptr) filter->Forget(entries_[next].id);
    }
    for (EnforcementTable* const table : enforcements_) {
      if (table != nullptr) table->Forget(entries_[next].id);
    }
    retiring_.push_back(next);
  }
}

void ImageTable::Exit(const image& record) {
  uint32_t index = by_id_.Find(record.id);
  const bool of_thread = (record.flags & IMAGE_FLAG_THREAD) != 0;
  LeaveHeldBack(record.id);
  if (index == IdMap::kNone && record.pid != 0 && !of_thread) index = by_pid_.Find(record.pid);
  if (index == IdMap::kNone || index == kUnknown) return;
  if (of_thread) {
    if (IsOfThread(index) && entries_[index].current) Retire(index);
    return;
  }
  const auto end = [&](uint32_t ended) {
    Slot(ended)->flags |= IMAGE_FLAG_EXITED;
    Slot(ended)->exit_code = record.exit_code;
    Retire(ended);
  };
  end(index);
  // With a twin, the other image is the process's current one.
  const uint32_t pid = Slot(index)->pid;
  const uint32_t by_number = pid == 0 ? IdMap::kNone : by_pid_.Find(pid);
  if (by_number == IdMap::kNone || Slot(by_number)->start_time != Slot(index)->start_time) return;
  if (by_number != index) end(by_number);
  by_pid_.Erase(pid);
  changes_.erase(pid);
}

void ImageTable::EndGrace() {
  for (const uint32_t index : waiting_) {
    entries_[index].held = false;
    evictable_++;
    Unreference(index);
  }
  waiting_.clear();
  EndHeldBack();
  ForgetReplaced();
  AddHeldBack();
}

}  // namespace wasprey
