// Detects that the agent was stopped, frozen or traced, as opposed to a machine that is busy. A thread of its own does
// nothing but wake up. Only busy CPUs, or somebody who stops it, can delay it; what the thread that reads events waits
// for can't.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "system/file_descriptor.h"

namespace wasprey {

class Heartbeat {
 public:
  /** A time without a beat, in ns. */
  struct Gap {
    /** CLOCK_MONOTONIC. */
    uint64_t end;
    uint64_t length;
    /** Time that the thread ran, and waited for a CPU, meanwhile. */
    uint64_t ran;
    uint64_t waited;
    /** Time that the hypervisor has taken from a CPU, in the gap and in the second before it at most. */
    uint64_t stolen;
    /** How often it waited for memory to be read from a disk. */
    uint64_t faults;
    /** Whether the kernel reports how long threads wait for a CPU. */
    bool accounted;
  };

  Heartbeat() = default;
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  /** The thread that reads events runs; called there, normally many times a second. @param now CLOCK_MONOTONIC, in ns
   */
  void NoteReader(uint64_t now) { reader_ran_.store(now, std::memory_order_relaxed); }
  /** Starts the beat. On the thread that reads events. */
  void Begin();
  /** The gaps since the last call, also those in which only the calling thread was stopped. */
  std::vector<Gap> Take();

 private:
  struct Account {
    uint64_t ran = 0, waited = 0, faults = 0, asleep = 0;
    bool accounted = false;
  };
  static void* Run(void* heartbeat);
  void Start();
  void Beat();
  Account ReadAccount() const;
  uint64_t TakeStolen();
  void WatchReader(uint64_t now);
  bool ReaderIsStopped() const;

  std::optional<pthread_t> thread_;
  /** Ends the thread. */
  FileDescriptor end_;
  std::atomic<uint64_t> reader_ran_ = 0;
  std::mutex mutex_;
  std::vector<Gap> taken_;

  // From here on the thread's own, once it was started.
  FileDescriptor schedule_;
  FileDescriptor cpus_;
  /** Of the thread that reads events: its state, and what it waits for in the kernel. */
  FileDescriptor reader_state_;
  FileDescriptor reader_wait_;
  uint64_t reader_stopped_ = 0;
  uint64_t last_ = 0;
  uint64_t beats_ = 0;
  Account before_;
  /** Time stolen from each CPU so far, in ns. */
  std::vector<uint64_t> stolen_;
  std::vector<Gap> gaps_;
};

}  // namespace wasprey
