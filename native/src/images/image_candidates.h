// Which rules the process of an image can match: the host program says so for each image that it is given here.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "images/image_store.h"
#include "images/kernel_tables.h"

namespace wasprey {

/** A word of candidates with all rules. */
inline constexpr uint64_t kAllCandidates = ~uint64_t{0};

/**
 * Sets the words of a bank in an image, which need not be in the table. `words`: candidate words first (a missing word
 * is all ones), then ancestry words (a missing word is 0).
 */
void SetCandidateWords(image* process, uint32_t bank, std::span<const uint64_t> words);

class ImageCandidates {
 public:
  ImageCandidates(ImageStore* store, KernelTables* tables) : store_(store), tables_(tables) {}

  /** An image has no candidates yet. Nobody may be reading it. */
  void AnnounceNew(uint32_t index);
  /** Addresses of images that came since the last call; returns how many were written. */
  size_t TakeNew(std::span<uint32_t> addresses);
  /**
   * From now on TakeNew() gives only images that events name, as long as most of the memory is free and few others
   * await that. After that it gives all: eviction needs what rules say of them, and a batch must not have to prepare
   * many. It always gives those that are captured: their candidates then tell the kernel filter which events may pass.
   * `bank` is the one in use; if that has changed, all images there are have its words.
   */
  void AnnounceOnDemand(uint32_t bank);
  /** From now on TakeNew() gives all that come, and those that it has left out as before. */
  void AnnounceAll() { on_demand_ = false; }
  /** An event names the image at that address. Only needed while images await that. */
  void AnnounceNamed(uint32_t address);
  /** Sets the words of a bank in the image at that address. False if there is no image. */
  bool Set(uint32_t address, uint32_t bank, std::span<const uint64_t> words);

 private:
  void Announce(uint32_t index);
  void AnnounceAwaiting();

  ImageStore* store_;
  KernelTables* tables_;
  std::vector<std::pair<uint32_t, uint64_t>> new_;
  bool on_demand_ = false;
  /** Images that await being named lack its words. */
  uint32_t bank_ = 0;
};

}  // namespace wasprey
