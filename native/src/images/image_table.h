// The process images: slots in a region the sandbox reads, found by id, linked to their parents, kept as long as a
// process or a descendant needs them. This class adds them and knows which one a process has; its parts do the rest.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "images/capture_scopes.h"
#include "images/change_budget.h"
#include "images/container_table.h"
#include "images/held_back_changes.h"
#include "images/image_candidates.h"
#include "images/image_eviction.h"
#include "images/image_holds.h"
#include "images/image_links.h"
#include "images/image_log.h"
#include "images/image_origin.h"
#include "images/image_room.h"
#include "images/image_store.h"
#include "images/kernel_tables.h"
#include "images/users.h"
#include "records/kernel_layout.h"
#include "system/memory_map.h"

namespace wasprey {

class ImageTable {
 public:
  ImageTable(SandboxRegion region, uint32_t address, ContainerTable* containers);

  /**
   * Adds a lifecycle record of `size` bytes. It is checked; an invalid one is counted. `recorded` is given for
   * one of another machine or time: then nothing is looked up here.
   */
  void Add(const uint8_t* record, size_t size, const ImageFacts* recorded = nullptr);
  /** Adds further records to the log too; null: no longer. */
  void LogTo(ImageLog* log) { log_ = log; }
  /** After the snapshot of all processes: links those that came before their parent, session or group leader. */
  void LinkSnapshots() { links_.LinkSnapshots(); }

  /** Address of the image with that id, or 0. */
  uint32_t Find(uint64_t id) const { return AddressOrZero(store_.ById(id)); }
  /** Address of the image that a process had before a change that was held back, by the id of the change; or 0. */
  uint32_t FindHeldBack(uint64_t id) const { return AddressOrZero(held_back_.Find(id)); }
  /** Address of the image that replaces unknown ones. */
  uint32_t UnknownAddress() const { return store_.AddressOf(kUnknown); }
  /** The image at an address that Find() or UnknownAddress() gave. */
  const image& At(uint32_t address) const { return store_.At(address); }
  /** An event of the image at that address, which Find() gave, is about to be evaluated. */
  void Name(uint32_t address) {
    if (store_.awaiting() > 0) candidates_.AnnounceNamed(address);
  }
  /** The container that the image at that address is in. */
  uint32_t ContainerAt(uint32_t address) const {
    const uint32_t index = store_.ByAddress(address);
    return index == kNone ? ContainerTable::kUnknown : store_.entry(index).container;
  }

  /** Whether images without a process wait; they must outlast the events already in the rings. */
  bool HasRetiring() const { return !retiring_.empty() || held_back_.HasRetiring(); }
  /** Whether those that retire or wait are so many that they need much of the memory. */
  bool IsPressed() const { return retiring_.size() + waiting_.size() > kManyWithoutProcess; }
  /** Starts the wait of all retiring images. */
  void BeginGrace();
  bool InGrace() const { return !waiting_.empty() || held_back_.InGrace(); }
  /** Frees waiting images that no descendant needs, when no event names them any more. */
  void EndGrace();

  /** A container's entry has moved: its images follow. */
  void ContainerMoved(uint32_t container);
  /** A container is gone: forgets its users. */
  void ContainerGone(uint32_t container) { users_.Forget(container); }

  const ImageStore& store() const { return store_; }
  ImageCandidates& candidates() { return candidates_; }
  KernelTables& kernel_tables() { return kernel_tables_; }
  const KernelTables& kernel_tables() const { return kernel_tables_; }
  CapturedImages& captured() { return captured_; }
  const CapturedImages& captured() const { return captured_; }
  ImageHolds& holds() { return holds_; }

  size_t live() const { return store_.live(); }
  /** Records that found no room, were held back, or were invalid. */
  uint64_t lost() const { return lost_; }
  uint64_t evicted() const { return eviction_.evicted(); }
  /** Images whose text was cut, because their owner has much of the table. */
  uint64_t cut() const { return room_.cut(); }
  /** Images without names of their user and group, because the files were not read. */
  uint64_t unnamed() const { return users_.unread(); }

 private:
  static constexpr uint32_t kNone = ImageStore::kNone;
  static constexpr uint32_t kUnknown = ImageStore::kUnknown;

  /** What a thousand executions in a second leave; 32 MB with long arguments and environments. */
  static constexpr size_t kManyWithoutProcess = 1024;

  uint32_t AddressOrZero(uint32_t index) const { return index == kNone ? 0 : store_.AddressOf(index); }

  void AddUnknown();
  /** The image that a record continues, and the one whose strings it has where it lacks its own; or kNone. */
  struct Origin {
    uint32_t source;
    uint32_t text;
  };
  bool AddFrom(const image& record, const uint8_t* bytes, Origin origin, const ImageFacts* recorded);
  bool FillText(uint32_t index, const image& record, const uint8_t* bytes, Origin origin, const ImageFacts* recorded);
  void Exit(const image& record);
  void BecomeCurrent(uint32_t index, uint32_t kind, uint32_t source);
  void Retire(uint32_t index);
  void Log(const uint8_t* record, size_t size, uint32_t index, bool strings_of_parent = false);

  ImageStore store_;
  ImageLinks links_{&store_};
  ImageEviction eviction_{&store_, &links_};
  ImageRoom room_{&store_, &eviction_};
  ImageOrigin origin_{&store_};
  KernelTables kernel_tables_{&store_};
  ImageCandidates candidates_{&store_, &kernel_tables_};
  CapturedImages captured_{&store_, &kernel_tables_};
  ImageHolds holds_{&store_, &links_};
  ChangeBudget budget_{&store_};
  HeldBackChanges held_back_{&store_, &holds_, &budget_};
  Users users_;
  ImageLog* log_ = nullptr;
  /** Images that their processes have left, and those of them whose grace has begun. */
  std::vector<uint32_t> retiring_;
  std::vector<uint32_t> waiting_;
  uint64_t lost_ = 0;
};

}  // namespace wasprey
