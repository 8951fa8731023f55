// Detects that the thread that reads events was stopped, frozen or traced, as opposed to waiting for a
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
    /** Time that the thread ran, and waited for a CPU, in the gap and in the second before it at most. */
    uint64_t ran;
    uint64_t waited;
    /** How often it waited for memory to be read from a disk. */
    uint64_t faults;
    /** Whether the kernel reports how long threads wait for a CPU. */
    bool accounted;
  };

  /** @param now CLOCK_MONOTONIC, in ns. Called on the thread that reads events, normally many times a second. */
  void Beat(uint64_t now);
  /** Sets the reference for further gaps; call it every second. Returns the gaps since the last call. */
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
