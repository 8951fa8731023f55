// The members of an event that user space fills in: the address of its process image, and derived names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>
#include <span>
#include <string_view>

#include "completing/inode_names.h"
#include "images/image_table.h"
#include "records/event_types.h"
#include "records/kernel_layout.h"

namespace wasprey {

/** Room for text of completed names, for one batch. */
class Scratch {
 public:
  Scratch(char* data, uint32_t address, uint32_t size) : data_(data), address_(address), size_(size) {}

  void Reset() { used_ = 0; }
  bool HasRoom(size_t bytes) const { return size_ - used_ >= bytes; }
  char* at() const { return data_ + used_; }
  /** Keeps `length` bytes written at at(); returns their address in the sandbox. */
  uint32_t Keep(size_t length) {
    const uint32_t start = address_ + used_;
    // One byte more: a present, empty string has an address of its own.
    used_ += static_cast<uint32_t>(length) + 1;
    return start;
  }
  /** The same for bytes that are still to be written, where they are aligned. Needs `alignment` more room. */
  std::byte* KeepAligned(size_t length, uint32_t alignment, uint32_t* address) {
    used_ = (used_ + alignment - 1) / alignment * alignment;
    char* const kept = at();
    *address = Keep(length);
    return reinterpret_cast<std::byte*>(kept);
  }
  /** Text that was kept, by its address in the sandbox. */
  std::string_view Text(uint32_t address, uint32_t length) const { return {data_ + (address - address_), length}; }
  /** Copies a struct to where it is aligned; `address` becomes its address in the sandbox. Needs an alignment more
   * room. */
  template <typename Struct>
  Struct* Keep(const Struct& value, uint32_t* address) {
    used_ = (used_ + alignof(Struct) - 1) / alignof(Struct) * alignof(Struct);
    auto* kept = new (at()) Struct(value);
    *address = Keep(sizeof value);
    return kept;
  }

 private:
  char* data_;
  uint32_t address_;
  uint32_t size_;
  uint32_t used_ = 0;
};

enum class Outcome {
  kComplete,
  /** An offset or a length of the record lies outside it, or its type is unknown. */
  kMalformed,
  /** No room left for its text in this batch. */
  kFull,
};

class Completion {
 public:
  /** `inode_names`: of this machine; null for events of another. */
  Completion(ImageTable* images, Scratch scratch, InodeNames* inode_names)
      : images_(images), scratch_(scratch), inode_names_(inode_names) {}

  /** Starts a batch: the text of the last one is gone. */
  void Begin() {
    scratch_.Reset();
    last_id_ = 0;
    has_enforced_ = false;
    supposed_ = nullptr;
  }

  /**
   * Completes the record at `record`, which lies at `address` in the sandbox and whose size was checked against the
   * ring. `drain()` is called when its image is not known: the record was committed after the heads were read, and the
   * lifecycle record of its image has come since.
   */
  template <typename Drain>
  Outcome Complete(std::byte* record, uint32_t address, Drain drain) {
    auto* header = reinterpret_cast<event_header*>(record);
    const Shape shape = ShapeOf(header->type);
    if (shape == Shape::kNone || header->size < FixedSize(shape)) return Outcome::kMalformed;
    // A recording is not trusted: views and held events are only set here.
    header->flags &= ~(EVENT_FLAG_TWO_VIEWS | EVENT_FLAG_RESOLVED_VIEW | EVENT_FLAG_HELD);
    if (header->image != last_id_ || header->image == 0) {
      uint32_t found = header->image == 0 ? 0 : images_->Find(header->image);
      if (found == 0 && header->image != 0) {
        drain();
        found = images_->Find(header->image);
      }
      last_id_ = header->image;
      last_is_held_back_ = false;
      if (found == 0 && header->image != 0) {
        found = images_->FindHeldBack(header->image);
        last_is_held_back_ = found != 0;
      }
      last_address_ = found == 0 ? images_->UnknownAddress() : found;
      images_->Name(last_address_);
    }
    const Outcome outcome = Name(record, address, shape);
    if (outcome != Outcome::kComplete) return outcome;
    if (last_address_ == images_->UnknownAddress()) unknown_images_++;
    if (header->reserved != 0) has_enforced_ = true;
    header->image_address = last_address_;
    header->flags |= EVENT_FLAG_COMPLETE;
    return outcome;
  }

  /** What a completed record of a call that BPF LSM has refused would have been, as an address; 0: it is not known. The
   * next one's process takes the place of its own. */
  uint32_t Suppose(const event_header& record, uint32_t address);
  /** See ImageCandidates::Set(). False if that is not a process of a supposed call. */
  bool SetSupposedCandidates(uint32_t address, uint32_t bank, std::span<const uint64_t> words);

  /** Names and second views of records of the batch, which lie outside of them. */
  std::string_view Made(uint32_t address, uint32_t length) const { return scratch_.Text(address, length); }

  /** Whether enforcement has decided about a call of the batch. */
  bool has_enforced() const { return has_enforced_; }

  /** Events without an image, or with an unknown one. */
  uint64_t unknown_images() const { return unknown_images_; }

 private:
  /** A path of a call, as event_path and event_paths have it. */
  struct PassedPath {
    string_ref raw;
    string_ref directory;
    string_ref base;
    int32_t dirfd;
  };
  /** Of a call on two paths. */
  struct Names {
    string_ref old_name;
    string_ref new_name;
  };
  /** The views of a record, which is the first one, as they are made. */
  template <typename Event>
  struct Views {
    Event* first;
    uint32_t address;
    Event* last = first;
    uint32_t last_address = address;
  };

  Outcome Name(std::byte* record, uint32_t address, Shape shape);
  bool NamePath(void* record, uint32_t address, const string_ref& raw, const string_ref& directory, int32_t dirfd,
                string_ref* name);
  std::string_view BaseOf(const void* record, std::string_view path, const string_ref& directory, int32_t dirfd) const;
  std::string_view CurrentDirectory() const;
  std::string_view NameText(const void* record, uint32_t address, const string_ref& name) const;
  bool NameBehind(const void* record, uint32_t address, const PassedPath& passed, const string_ref& name,
                  string_ref* behind);
  bool NameElsewhere(const void* record, uint32_t address, const PassedPath& passed, const string_ref& name,
                     string_ref* elsewhere);
  bool AddViews(event_path* event, uint32_t address);
  bool AddViews(event_paths* event, uint32_t address);
  bool AddMount(Views<event_paths>* views, const Names& names);
  bool AddNames(Views<event_paths>* views, const Names& names, bool exchanged);
  bool ViewAlone(event_network* event, uint32_t address);
  bool NameOpened(event_open* event, uint32_t address);
  bool NameInode(const event_open* event, uint32_t address, string_ref* found);
  event_open* AddOpenView(Views<event_open>* views, uint16_t type);
  bool ViewElsewhere(event_descriptor* event, uint32_t address);
  template <typename Event>
  Event* AddView(Views<Event>* views, std::initializer_list<string_ref Event::*> texts);
  bool NameDescriptor(event_descriptor* event, uint32_t address);
  bool NameSocket(event_network* event, uint32_t address);
  bool Store(uint32_t address, size_t length, string_ref* name);
  bool SupposeProgram(std::byte* copy, uint32_t address);

  ImageTable* images_;
  Scratch scratch_;
  InodeNames* inode_names_;
  uint64_t last_id_ = 0;
  uint32_t last_address_ = 0;
  /** Its change was held back: the image is from before, and its directory may be another. */
  bool last_is_held_back_ = false;
  uint64_t unknown_images_ = 0;
  bool has_enforced_ = false;
  /** The process of a supposed exec; null: there is none. */
  image* supposed_ = nullptr;
  uint32_t supposed_address_ = 0;
};

}  // namespace wasprey
