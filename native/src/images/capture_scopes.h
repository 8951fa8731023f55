// Whose events are captured, whatever the rules want: a flag of each image, by which the kernel filter lets its events
// pass and the selector takes them.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>

#include "images/image_store.h"
#include "images/kernel_tables.h"

namespace wasprey {

/** Processes whose events a capture has, whatever the rules want. */
struct CaptureScopes {
  bool all = false;
  /** Full ids. */
  std::unordered_set<std::string> containers;
  /** Processes, by pid, and sessions: each with all that descends from it. */
  std::unordered_set<uint32_t> trees;

  bool empty() const { return !all && containers.empty() && trees.empty(); }
};

class CapturedImages {
 public:
  CapturedImages(ImageStore* store, KernelTables* tables) : store_(store), tables_(tables) {}

  /** Sets whose events are captured, and lets them pass the kernel filter. */
  void SetScopes(CaptureScopes scopes);
  /** Decides on a new image, whose parent and container are known. */
  void Add(uint32_t index, uint32_t source) {
    if (!scopes_.empty()) Place(index, source);
  }
  /** Whether the image at that address belongs to a scope. */
  bool Has(uint32_t address) const {
    const uint32_t index = store_->ByAddress(address);
    return index == ImageStore::kNone ? scopes_.all : store_->entry(index).captured;
  }

 private:
  bool Place(uint32_t index, uint32_t source);

  ImageStore* store_;
  KernelTables* tables_;
  CaptureScopes scopes_;
};

}  // namespace wasprey
