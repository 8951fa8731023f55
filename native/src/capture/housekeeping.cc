#include "capture/housekeeping.h"

#include <algorithm>
#include <ctime>

#include "system/clocks.h"

namespace wasprey {
namespace {

/** How long an image outlives its process at least: a program that is preempted may still be writing an event of it. */
constexpr uint64_t kGraceNs = 500'000'000;
/**
 * The same while images without a process take much memory. Only a hypervisor preempts programs on tracepoints. Those
 * of BPF LSM make events of processes that are alive.
 */
constexpr uint64_t kShortGraceNs = 20'000'000;

constexpr uint64_t kSweepNs = 5 * kSecondNs;
/** All images are looked through then. */
constexpr uint64_t kPlacesNs = kSecondNs;

}  // namespace

void Housekeeping::Run(const RingReader& rings) {
  // Recorded events have their times.
  if (!IsReplay()) clock_->Update(source_->memory().shared);
  FreeUnneeded(rings);
  source_->SettleRequests();
  source_->NoteAttended();
}

void Housekeeping::FreeUnneeded(const RingReader& rings) {
  const uint64_t now = Time();
  const uint64_t grace = images_->IsPressed() ? kShortGraceNs : kGraceNs;
  if (images_->InGrace() && now - grace_since_ >= grace && rings.PastAll(grace_heads_)) images_->EndGrace();
  if (!images_->InGrace() && images_->HasRetiring()) {
    images_->BeginGrace();
    grace_since_ = now;
    rings.CopyHeads(&grace_heads_);
  }
  if (now >= next_places_) {
    next_places_ = now + kPlacesNs;
    images_->kernel_tables().NotePlacesAgain();
  }
  if (now < next_sweep_) return;
  next_sweep_ = now + kSweepNs;
  for (const uint32_t container : containers_->Sweep(now)) {
    images_->ContainerGone(container);
    hold_->area().End(container);
  }
}

void Housekeeping::AdvanceTo(uint64_t clock) {
  if (replay_clock_ == 0) next_sweep_ = 0;
  // Only forward, whatever a damaged recording contains.
  replay_clock_ = std::max(replay_clock_, clock);
}

uint64_t Housekeeping::Time() const { return IsReplay() ? replay_clock_ : Now(CLOCK_MONOTONIC); }

}  // namespace wasprey
