// A share of a thread's time for work that others can cause.
#pragma once

#include <algorithm>
#include <cstdint>

namespace wasprey {

/** One part in so many of all time. What is not used is saved up, to a most, which is there from the beginning. */
class TimeShare {
 public:
  TimeShare(uint64_t parts, uint64_t most_ns)
      : parts_(parts), most_ns_(static_cast<int64_t>(most_ns)), left_ns_(most_ns_) {}

  /** What may be spent at `now` (in ns, of a clock that only goes forward); negative after work that took too long. */
  int64_t LeftAt(uint64_t now) {
    if (updated_ != 0) left_ns_ = std::min(left_ns_ + static_cast<int64_t>((now - updated_) / parts_), most_ns_);
    updated_ = now;
    return left_ns_;
  }
  void Spend(uint64_t ns) { left_ns_ -= static_cast<int64_t>(ns); }

 private:
  uint64_t parts_;
  int64_t most_ns_;
  int64_t left_ns_;
  uint64_t updated_ = 0;
};

}  // namespace wasprey
