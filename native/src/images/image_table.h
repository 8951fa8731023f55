// The process images: slots in a region the sandbox reads, found by id, linked to their parents, kept as long as a
// process or a descendant needs them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "enforcement/enforced_places.h"
#include "enforcement/enforcement_table.h"
#include "filtering/kernel_filter.h"
#include "images/annex.h"
#include "images/buddy_allocator.h"
#include "images/capture_scopes.h"
#include "images/container_table.h"
#include "images/id_map.h"
#include "images/image_entry.h"
#include "images/image_log.h"
#include "images/image_shares.h"
#include "images/image_texts.h"
#include "images/users.h"
#include "records/kernel_layout.h"
#include "system/memory_map.h"
#include "system/zeroed_array.h"

namespace wasprey {

class ImageTable {
 public:
  static constexpr uint32_t kNone = ImageEntry::kNone;

  ImageTable(SandboxRegion region, uint32_t address, ContainerTable* containers);

  /**
   * Adds a lifecycle record of `size` bytes. It is checked; an invalid one is counted. `recorded` is given for
   * one of another machine or time: then nothing is looked up here.
   */
  void Add(const uint8_t* record, size_t size, const ImageFacts* recorded = nullptr);
  /** Adds further records to the log too; null: no longer. */
  void LogTo(ImageLog* log) { log_ = log; }
  /** Adds all images to a log, each after its parent. */
  void LogAll(ImageLog* log) const;
  /** Sets the kernel filter that is updated with the candidates of that bank from now on. Null: none.
   */
  void Tell(uint32_t bank, KernelFilter* filter) { filters_[bank] = filter; }

  /** The same for the rules that the kernel enforces. */
  void TellEnforcement(uint32_t bank, EnforcementTable* table);
  /** Where the cgroups of processes are, for programs that enforce: to that map from now on; -1: no longer. */
  void NotePlaces(int map);
  /** The same for cgroups that have found no room, now that others may have none of it any more. */
  void NotePlacesAgain();
  /** The cgroup of a process, by its number, if it is in a container; else 0. */
  uint64_t ContainerCgroupOf(uint32_t pid) const;
  EnforcedPlaces& places() { return places_; }

  /** Address of the image with that id, or 0. */
  uint32_t Find(uint64_t id) const {
    const uint32_t index = by_id_.Find(id);
    return index == IdMap::kNone ? 0 : AddressOf(index);
  }
  /** Address of the image that a process had before a change that was held back, by the id of the change; or 0. */
  uint32_t FindHeldBack(uint64_t id) const {
    const uint32_t index = held_back_.Find(id);
    return index == IdMap::kNone ? 0 : AddressOf(index);
  }
  /** Address of the image that replaces unknown ones. */
  uint32_t UnknownAddress() const { return AddressOf(kUnknown); }
  /** The image at an address that Find() or UnknownAddress() gave. */
  const image& At(uint32_t address) const {
    return *reinterpret_cast<const image*>(region_.data() + (address - address_));
  }

  /** After the snapshot of all processes: links those that came before their parent, session or group leader. */
  void LinkSnapshots();

  /** Whether images without a process wait; they must outlast the events already in the rings. */
  bool HasRetiring() const { return !retiring_.empty() || !retiring_ids_.empty(); }
  /** Whether those that retire or wait are so many that they need much of the memory. */
  bool IsPressed() const { return retiring_.size() + waiting_.size() > kManyWithoutProcess; }
  /** Starts the wait of all retiring images. */
  void BeginGrace() {
    waiting_.swap(retiring_);
    waiting_ids_.swap(retiring_ids_);
    graces_++;
  }
  bool InGrace() const { return !waiting_.empty() || !waiting_ids_.empty(); }
  /** Frees waiting images that no descendant needs, when no event names them any more. */
  void EndGrace();

  /** Addresses of images that came since the last call; returns how many were written. */
  size_t TakeNew(std::span<uint32_t> addresses);
  /**
   * From now on TakeNew() gives only images that Name() was called for, as long as most of the memory is free. After
   * that it gives all: eviction needs what rules say of them. It always gives those that are captured: the kernel
   * filter lets their events pass by what it is told then. `bank` is the one in use; if that has changed, all images
   * there are have its words.
   */
  void AnnounceOnDemand(uint32_t bank);
  /** From now on TakeNew() gives all that come, and those that it has left out as before. */
  void AnnounceAll() { on_demand_ = false; }
  /** An event of the image at that address, of which Find() said where it is, is about to be evaluated. */
  void Name(uint32_t address) {
    if (awaiting_ > 0) AnnounceNamed(address);
  }
  /** Addresses of images by number, from `first` on; 0 for unused numbers. Returns how many numbers were written. */
  size_t List(size_t first, std::span<uint32_t> addresses) const;
  /**
   * Sets the words of a bank in the image at that address: those of candidates, of which missing ones are all ones,
   * then those of ancestry, of which missing ones are 0. False if there is no image.
   */
  bool SetCandidates(uint32_t address, uint32_t bank, std::span<const uint64_t> words);
  /** The same of an image that need not be one of the table. */
  static void SetWords(image* process, uint32_t bank, std::span<const uint64_t> words);

  /** Sets whose events are captured, and lets them pass the kernel filter. */
  void SetScopes(CaptureScopes scopes);
  /** Whether the image at that address belongs to one of them. */
  bool IsCaptured(uint32_t address) const {
    const uint32_t index = IndexAt(address);
    return index == kNone ? scopes_.all : entries_[index].captured;
  }

  /** The container that the image at that address is in. */
  uint32_t ContainerAt(uint32_t address) const;
  /** Keeps the image for a held event, until as many calls of Unhold(). */
  void Hold(uint32_t address);
  void Unhold(uint32_t address);
  /** Memory of the images that held events name: if it is large, no more events are held. */
  bool HoldsMuch() const { return held_bytes_ > blocks_.capacity() / 2; }

  /** A container's entry has moved: its images follow. */
  void ContainerMoved(uint32_t container);
  /** A container is gone: forgets its users. */
  void ContainerGone(uint32_t container) { users_.Forget(container); }

  size_t live() const { return live_; }
  /** Records that found no room, were held back, or were invalid. */
  uint64_t lost() const { return lost_; }
  uint64_t evicted() const { return evicted_; }
  /** Images whose text was cut, because their owner has much of the table. */
  uint64_t cut() const { return cut_; }
  /** Images in cgroups of which the kernel's programs do not know where they are, while rules are enforced. */
  uint64_t unplaced() const { return unplaced_; }

 private:
  static constexpr uint32_t kUnknown = 0;
  /** A word of candidates with all rules. */
  static constexpr uint64_t kAllCandidates = ~uint64_t{0};

  /** What a thousand executions in a second leave; 32 MB with long arguments and environments. */
  static constexpr size_t kManyWithoutProcess = 1024;

  using Replaced = ReplacedImages;
  using Entry = ImageEntry;

  uint32_t AddressOf(uint32_t index) const { return address_ + entries_[index].slot; }
  image* Slot(uint32_t index) { return reinterpret_cast<image*>(region_.data() + entries_[index].slot); }
  const image* Slot(uint32_t index) const {
    return reinterpret_cast<const image*>(region_.data() + entries_[index].slot);
  }

  void AddUnknown();
  bool NotePlace(uint32_t index);
  std::unordered_set<uint64_t> UsedCgroups() const;
  uint32_t IndexAt(uint32_t address) const;
  uint32_t RoomOf(uint32_t index) const;
  void Exit(const image& record);
  uint64_t Count(Replaced* replaced) const;
  Replaced* ReplacedOf(uint32_t index);
  bool MayReplace(uint32_t index);
  void CountReplaced(uint32_t index, uint32_t source);
  void ForgetReplaced();
  void HoldBack(const image& record, uint32_t source, const uint8_t* bytes, bool is_recorded);
  void LeaveHeldBack(uint64_t id);
  void EndHeldBack();
  void AddHeldBack();
  uint32_t SourceOf(const image& record) const;
  uint64_t OwnerOf(const image& record, const uint8_t* bytes, uint32_t source) const;
  uint64_t StartOf(const image& record, uint32_t source) const;
  uint32_t ParentOf(const image& record, uint32_t source) const;
  ImageText TextOf(const image& record, const uint8_t* bytes, const image* source) const;
  void ShareText(uint32_t index, uint32_t source);
  bool StoreText(uint32_t index, const ImageText& text);
  bool StoreTextAsItIs(uint32_t index, const ImageText& text, bool takes_room);
  uint64_t FreeRoom() const;
  /** The image that a record continues, and the one whose strings it has where it lacks its own; or kNone. */
  struct Origin {
    uint32_t source;
    uint32_t text;
  };
  bool AddFrom(const image& record, const uint8_t* bytes, Origin origin, const ImageFacts* recorded);
  uint32_t ContainerOf(const image& record, uint64_t owner, uint32_t source, std::string_view cgroup,
                       const ImageFacts* recorded);
  void Log(const uint8_t* record, size_t size, uint32_t index, bool strings_of_parent = false);
  ImageFacts FactsOf(uint32_t index) const;
  std::vector<uint32_t> ParentsFirst() const;
  bool HaveOneText(uint32_t a, uint32_t b) const;
  bool HasEnded(uint32_t index) const;
  uint32_t LeaderOf(uint32_t index, uint32_t source, uint32_t image::* member, uint32_t Entry::* leader) const;
  void LinkLeaders(uint32_t index, uint32_t source);
  bool Descends(uint32_t index, uint32_t ancestor) const;
  void AnnounceNew(uint32_t index);
  void AnnounceNamed(uint32_t address);
  void Announce(uint32_t index);
  void AnnounceAwaiting();
  void AwaitNone(uint32_t index);
  void SetLink(uint32_t index, uint32_t Entry::* link, uint32_t image::* address, uint32_t target);
  bool IsOfThread(uint32_t index) const { return (Slot(index)->flags & IMAGE_FLAG_THREAD) != 0; }
  void BecomeCurrent(uint32_t index, uint32_t kind, uint32_t source);
  void Retire(uint32_t index);
  bool Place(uint32_t index, uint32_t source);

  /** What is lost with an image that only descendants need, from little to much. */
  enum class Worth : uint8_t {
    /** Its parent has the same text. */
    kRepeats,
    kOwnText,
    /** The first ancestor that meets a test of the rules: alerts name it. */
    kMeetsTests,
    /** An ancestor of a process within a few generations. */
    kNear,
  };
  bool IsEvictable(uint32_t index) const;
  std::vector<Worth> WorthAsAncestors() const;
  std::vector<uint32_t> Victims() const;

  uint32_t NewEntry();
  uint32_t Allocate(uint32_t bytes);
  bool Evict();
  template <typename Predicate>
  void DropLinks(uint32_t index, Predicate goes);
  void Unreference(uint32_t index);
  void Free(uint32_t index);
  void FreeText(uint32_t text);

  SandboxRegion region_;
  uint32_t address_;
  ContainerTable* containers_;
  ImageLog* log_ = nullptr;
  KernelFilter* filters_[IMAGE_CANDIDATE_BANKS] = {};
  EnforcementTable* enforcements_[IMAGE_CANDIDATE_BANKS] = {};
  EnforcedPlaces places_;
  CaptureScopes scopes_;
  Users users_;
  BuddyAllocator blocks_;
  /** For each unit of a block that starts there: 1 + the image in it, or 0. */
  ZeroedArray<uint32_t> owners_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> free_entries_;
  ImageTexts texts_;
  /** Of the image that is added. */
  std::string text_bytes_;
  ImageShares shares_;
  IdMap by_id_;
  IdMap by_pid_;
  std::vector<uint32_t> retiring_;
  std::vector<uint32_t> waiting_;
  /** How many graces have begun. */
  uint32_t graces_ = 0;
  /** Of all processes. */
  Replaced replaced_;
  /** By the owner. */
  std::unordered_map<uint64_t, Replaced> replaced_by_;
  /** By the ids of changes that were held back: the images before, each kept as an event that is held does. */
  IdMap held_back_;
  /** The last change of a process, as a record, if it was held back; by pid. */
  std::unordered_map<uint32_t, std::vector<uint8_t>> changes_;
  /** Such ids that their processes have left: they retire and wait as images do. */
  std::vector<uint64_t> retiring_ids_;
  std::vector<uint64_t> waiting_ids_;
  std::vector<std::pair<uint32_t, uint64_t>> new_;
  bool on_demand_ = false;
  /** Images that await being named lack its words. */
  uint32_t bank_ = 0;
  /** Images that await being named. */
  size_t awaiting_ = 0;
  /** Not to be evicted: its text is being copied. */
  uint32_t pinned_ = kNone;
  /** Images that only descendants or held events keep. */
  uint32_t evictable_ = 0;
  uint64_t held_bytes_ = 0;
  size_t live_ = 0;
  uint64_t lost_ = 0;
  uint64_t evicted_ = 0;
  uint64_t cut_ = 0;
  uint64_t unplaced_ = 0;
};

}  // namespace wasprey
