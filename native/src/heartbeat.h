// Whether the thread that reads events was kept from running: stopped, frozen or traced, and not merely waiting for a
// CPU.
#pragma once

#include <cstdint>
#include <vector>

#include "file_descriptor.h"

namespace wasprey {

class Heartbeat {
 public:
  /** A time without a beat, in ns. */
  struct Gap {
    /** CLOCK_MONOTONIC. */
    uint64_t end;
    uint64_t length;
    /** Of that, and of the second before at most, what the thread ran, and waited for a CPU. */
    uint64_t ran;
    uint64_t waited;
    /** Times that it waited for memory to be read from a disk. */
    uint64_t faults;
    /** Whether the kernel tells how long threads wait for a CPU. */
    bool accounted;
  };

  /** @param now CLOCK_MONOTONIC, in ns. On the thread that reads events, many times a second while all is well. */
  void Beat(uint64_t now);
  /** What the gaps from now on are measured by; to be called every second. Returns the gaps since the last call. */
  std::vector<Gap> Take();

 private:
  struct Account {
    uint64_t ran = 0, waited = 0, faults = 0, asleep = 0;
    bool accounted = false;
  };
  Account ReadAccount();

  uint64_t last_ = 0;
  Account since_;
  std::vector<Gap> gaps_;
  FileDescriptor schedule_;
  bool opened_ = false;
};

}  // namespace wasprey
