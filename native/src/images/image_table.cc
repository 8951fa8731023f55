// Adding lifecycle records, and which image a process has now.

#include "images/image_table.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "images/image_snapshot.h"
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

ImageTable::ImageTable(SandboxRegion region, uint32_t address, ContainerTable* containers)
    : store_(std::move(region), address, containers) {
  AddUnknown();
}

void ImageTable::AddUnknown() {
  const uint32_t index = store_.Add(store_.blocks().Allocate(sizeof(image)), 0, 0);
  store_.entry(index).container = ContainerTable::kUnknown;
  image* unknown = store_.Slot(index);
  *unknown = {};
  unknown->size = sizeof(image);
  unknown->kind = IMAGE_SNAPSHOT;
  unknown->flags = IMAGE_FLAG_UNKNOWN;
  unknown->uid = unknown->gid = unknown->login_uid = 0xffffffff;
  // Falco prints <NA> for the name of a process it does not know, as a present string.
  memcpy(unknown->comm_bytes, kNoName.data(), kNoName.size());
  unknown->container_address = store_.containers().AddressOf(ContainerTable::kUnknown);
  std::fill(std::begin(unknown->candidates), std::end(unknown->candidates), kAllCandidates);
  ImageText text;
  text.comm = CommOf(*unknown);
  text.names = {kNoName, kNoName, kNoName, {}, {}};
  room_.StoreText(index, text);
  // Rules do not test what candidates decide, so this image needs candidates like any other.
  candidates_.AnnounceNew(index);
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
  if (store_.ById(record.id) != kNone) {
    lost_++;
    return;
  }
  if (record.previous != 0) held_back_.Leave(record.previous);
  const uint32_t source = origin_.SourceOf(record);
  const bool is_change = record.kind == IMAGE_CHANGE && source != kNone;
  const bool of_parent = recorded != nullptr && recorded->strings_of_parent;
  const uint32_t model = of_parent ? store_.ById(record.parent) : source;
  // Its text is copied below, so it must not be evicted.
  eviction_.Pin(model);
  for (const uint32_t used : {source, model}) {
    if (used != kNone) links_.Reference(used);
  }
  if ((!is_change || budget_.MayReplace(source)) && AddFrom(record, bytes, {source, model}, recorded)) {
    if (is_change) budget_.Count(store_.ById(record.id), source);
    Log(bytes, size, store_.ById(record.id), of_parent);
  } else {
    lost_++;
    if (is_change) held_back_.Add(record, source, bytes, recorded != nullptr);
  }
  for (const uint32_t used : {source, model}) {
    if (used != kNone) links_.Unreference(used);
  }
  eviction_.Pin(kNone);
}

void ImageTable::Log(const uint8_t* record, size_t size, uint32_t index, bool strings_of_parent) {
  if (log_ == nullptr) return;
  ImageFacts facts = index == kNone ? ImageFacts{} : FactsOf(store_, index);
  facts.strings_of_parent = strings_of_parent;
  log_->Append({record, size}, facts);
}

/** Stores the text of an image, and what follows from it. False if there is no room. */
bool ImageTable::FillText(uint32_t index, const image& record, const uint8_t* bytes, Origin origin,
                          const ImageFacts* recorded) {
  ImageEntry& entry = store_.entry(index);
  ImageText text = origin_.TextOf(record, bytes, origin.text);
  char stream_name[kLongestSocketName];
  if (record.stream.offset != 0) text.stream_name = NameStream(bytes, record.stream, stream_name);
  entry.container = origin_.ContainerOf(record, entry.owner, origin.text, text.cgroup.text, recorded);
  store_.Slot(index)->container_address = store_.containers().AddressOf(entry.container);
  if (origin_.InheritsText(record, text, origin.text, entry.container)) {
    room_.ShareText(index, origin.text);
    return true;
  }
  text.names = recorded != nullptr
                   ? recorded->names
                   : users_.Lookup(entry.container, record.pid, record.uid, record.gid, record.login_uid);
  return room_.StoreText(index, text);
}

bool ImageTable::AddFrom(const image& record, const uint8_t* bytes, Origin origin, const ImageFacts* recorded) {
  const uint64_t owner = origin_.OwnerOf(record, bytes, origin.text);
  if (!store_.shares().MayHaveMore(owner, store_.FreeRoom())) return false;
  const uint32_t block = room_.Allocate(sizeof(image));
  if (block == BuddyAllocator::kNone) return false;
  const uint32_t index = store_.Add(block, record.id, owner);
  image* process = store_.Slot(index);
  *process = record;
  process->size = sizeof(image);
  process->start_time = origin_.StartOf(record, origin.source);
  if (origin.text != kNone && record.kind != IMAGE_EXEC && record.executable.offset == 0)
    KeepExecutable(*store_.Slot(origin.text), process);
  if (!FillText(index, record, bytes, origin, recorded)) {
    store_.Free(index);
    return false;
  }
  std::fill(std::begin(process->candidates), std::end(process->candidates), kAllCandidates);
  store_.SetId(index);
  links_.Link(index, record, origin.source);
  BecomeCurrent(index, record.kind, origin.source);
  captured_.Add(index, origin.source);
  kernel_tables_.NotePlaceOfNew(index);
  candidates_.AnnounceNew(index);
  return true;
}

void ImageTable::BecomeCurrent(uint32_t index, uint32_t kind, uint32_t source) {
  store_.entry(index).current = true;
  // A thread has left its own image; that of its process stays with the process.
  if (source != kNone && kind != IMAGE_FORK && store_.IsOfThread(source) && store_.entry(source).current)
    Retire(source);
  if (store_.IsOfThread(index)) return;
  const uint32_t pid = store_.Slot(index)->pid;
  if (pid == 0) return;
  const uint32_t before = store_.ByPid(pid);
  store_.SetPid(pid, index);
  held_back_.ForgetChangeOf(pid);
  if (before == kNone || !store_.entry(before).current) return;
  if (kind == IMAGE_SNAPSHOT && store_.Slot(before)->start_time == store_.Slot(index)->start_time) {
    // A snapshot may race with the fork or exec that makes an image of the same process: the kernel keeps one of the
    // two ids, and does not say which. Both stay until the process goes on.
    store_.entry(index).twin = before;
    links_.Reference(before);
    return;
  }
  Retire(before);
}

/** The process has left this image. Events that name it may still be in the rings. */
void ImageTable::Retire(uint32_t index) {
  for (uint32_t next = index; next != kNone && store_.entry(next).current; next = store_.entry(next).twin) {
    store_.entry(next).current = false;
    kernel_tables_.Forget(store_.entry(next).id);
    retiring_.push_back(next);
  }
}

void ImageTable::Exit(const image& record) {
  uint32_t index = store_.ById(record.id);
  const bool of_thread = (record.flags & IMAGE_FLAG_THREAD) != 0;
  held_back_.Leave(record.id);
  if (index == kNone && record.pid != 0 && !of_thread) index = store_.ByPid(record.pid);
  if (index == kNone || index == kUnknown) return;
  if (of_thread) {
    if (store_.IsOfThread(index) && store_.entry(index).current) Retire(index);
    return;
  }
  const auto end = [&](uint32_t ended) {
    store_.Slot(ended)->flags |= IMAGE_FLAG_EXITED;
    store_.Slot(ended)->exit_code = record.exit_code;
    Retire(ended);
  };
  end(index);
  // With a twin, the other image is the process's current one.
  const uint32_t pid = store_.Slot(index)->pid;
  const uint32_t by_number = pid == 0 ? kNone : store_.ByPid(pid);
  if (by_number == kNone || store_.Slot(by_number)->start_time != store_.Slot(index)->start_time) return;
  if (by_number != index) end(by_number);
  store_.ForgetPid(pid);
  held_back_.ForgetChangeOf(pid);
}

void ImageTable::BeginGrace() {
  waiting_.swap(retiring_);
  held_back_.BeginGrace();
  budget_.BeginGrace();
}

void ImageTable::EndGrace() {
  for (const uint32_t index : waiting_) {
    store_.LetGo(index);
    links_.Unreference(index);
  }
  waiting_.clear();
  held_back_.EndGrace();
  budget_.EndGrace();
  for (const auto& record : held_back_.TakeThoseWithRoom()) Add(record.data(), record.size());
}

void ImageTable::ContainerMoved(uint32_t container) {
  const uint32_t address = store_.containers().AddressOf(container);
  for (uint32_t index = 0; index < store_.size(); index++) {
    const ImageEntry& entry = store_.entry(index);
    if (entry.used && entry.container == container) store_.Slot(index)->container_address = address;
  }
}

}  // namespace wasprey
