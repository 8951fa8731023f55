// The clocks of the machine, in ns.
#pragma once

#include <cstdint>
#include <ctime>

namespace wasprey {

constexpr uint64_t kSecondNs = 1'000'000'000;

inline uint64_t Now(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<uint64_t>(time.tv_sec) * kSecondNs + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace wasprey
