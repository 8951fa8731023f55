// How much of the memory the images may take that changes of processes make.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "images/image_entry.h"
#include "images/image_store.h"

namespace wasprey {

class ChangeBudget {
 public:
  explicit ChangeBudget(ImageStore* store) : store_(store) {}

  /**
   * Whether the process of an image may have another one for a change. All changes together leave as much as they take,
   * and an owner, who may have many processes, leaves to others as much of that as its changes take, a process twice as
   * much (as in bpf/lifecycle_share.h). Where an owner has filled it nevertheless, by processes rather than changes,
   * one that has taken little goes on.
   */
  bool MayReplace(uint32_t index);
  /** Counts what `source` takes now that the change `index` has replaced it. */
  void Count(uint32_t index, uint32_t source);

  /** Images that were replaced so far are free at the end of the grace that begins. */
  void BeginGrace() {
    graces_++;
    in_grace_ = true;
  }
  void EndGrace();

 private:
  uint64_t BytesOf(ReplacedImages* replaced) const;
  ReplacedImages* ReplacedOf(uint32_t index);

  ImageStore* store_;
  /** How many graces have begun. */
  uint32_t graces_ = 0;
  bool in_grace_ = false;
  /** Of all processes. */
  ReplacedImages replaced_;
  /** By the owner. */
  std::unordered_map<uint64_t, ReplacedImages> replaced_by_;
};

}  // namespace wasprey
