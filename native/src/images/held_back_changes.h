// Changes of processes that are held back for want of room: until there is some, events that name such a change have
// the image before it.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "images/change_budget.h"
#include "images/id_map.h"
#include "images/image_holds.h"
#include "images/image_store.h"

namespace wasprey {

class HeldBackChanges {
 public:
  HeldBackChanges(const ImageStore* store, ImageHolds* holds, ChangeBudget* budget)
      : store_(store), holds_(holds), budget_(budget) {}

  /**
   * Events that name the change have `source`, the image before it. Changes of threads and of recordings, which say
   * more of an image at that time only, are not added later.
   */
  void Add(const image& record, uint32_t source, const uint8_t* bytes, bool is_recorded);
  /** The process has left that image, if it was held back. */
  void Leave(uint64_t id);
  /** A process has another image, or has ended: its last change is not needed any more. */
  void ForgetChangeOf(uint32_t pid) { changes_.erase(pid); }
  /** The image before a change, by the change's id; or kNone. */
  uint32_t Find(uint64_t id) const { return sources_.Find(id); }

  bool HasRetiring() const { return !retiring_.empty(); }
  bool InGrace() const { return !waiting_.empty(); }
  /** Starts the wait of all that processes have left. */
  void BeginGrace() { waiting_.swap(retiring_); }
  /** Forgets them: no event names them any more. */
  void EndGrace();
  /** Takes the records of changes that there is room for now. */
  std::vector<std::vector<uint8_t>> TakeThoseWithRoom();

 private:
  const ImageStore* store_;
  ImageHolds* holds_;
  ChangeBudget* budget_;
  /** By the ids of changes: the images before, each kept as an event that is held does. */
  IdMap sources_;
  /** The last change of a process, as a record; by pid. */
  std::unordered_map<uint32_t, std::vector<uint8_t>> changes_;
  /** Ids that their processes have left: they retire and wait as images do. */
  std::vector<uint64_t> retiring_;
  std::vector<uint64_t> waiting_;
};

}  // namespace wasprey
