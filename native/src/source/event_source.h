// Sources of events: the kernel, or a test. Both write the same records into the same kind of rings.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bpf/enforce/enforce_tables.h"
#include "records/kernel_layout.h"
#include "source/bpf_ring_buffer.h"
#include "source/finding.h"
#include "source/missing_hook.h"
#include "source/plan.h"
#include "source/ring_memory.h"

namespace wasprey {

/** The mappings of an open source. */
struct SourceMemory {
  RingMemory rings;
  uint32_t ring_size = 0;
  uint32_t ring_stride = 0;
  ring_control* controls = nullptr;
  capture_shared* shared = nullptr;
  uint64_t secret = 0;
  BpfRingBuffer* lifecycle = nullptr;
};

/** The kernel's statistics of a BPF program. */
struct ProgramRuns {
  std::string name;
  /** Zero if the kernel does not measure them: see bpf_stats.h. */
  uint64_t runs = 0;
  uint64_t nanoseconds = 0;
  /** How often it was skipped because it, or another one, was running on that CPU: missed calls. */
  uint64_t missed = 0;
};

/** A program that enforces rules, and why it does not here. */
struct MissingEnforcer {
  std::string program;
  std::string detail;
};

/** Descriptors of the maps that enforcement fills. */
struct EnforcementMaps {
  int places;
  int crowd;
};

class EnforcementTable;
struct PinSettings;
struct UnattendedEnforcement;

class EventSource {
 public:
  virtual ~EventSource() = default;

  /** Makes and maps the rings, with the programs of these event types loaded. */
  virtual Status Open(const std::vector<std::string>& event_types) = 0;
  /** Makes it one of other event types before Start(): loads what they need beyond what is loaded. After Open(). */
  virtual Status Prepare(const std::vector<std::string>&) { return std::nullopt; }
  /**
   * Follows processes from now on, makes images of running ones (calling `drain` so that the lifecycle ring does not
   * fill up), and starts events.
   */
  virtual Status Start(const std::function<void()>& drain) = 0;
  /** Sets the map of the kernel filter; -1: none. After Open(). */
  virtual Status UseFilter(int map) = 0;
  /** Makes what enforcement needs before Enforce(), or takes what is pinned; null: it ends with the agent. */
  virtual Result<EnforcementMaps> PrepareEnforcement(const PinSettings*) {
    return Error{"CAPTURE_STATE", "Only the kernel enforces rules.", ""};
  }
  /** Enforces the rules of a table in place of those before; null: none. */
  virtual Status Enforce(EnforcementTable*) { return std::nullopt; }
  /** Programs that the enforced rules need, and that the kernel lacks or refuses. */
  virtual std::vector<MissingEnforcer> MissingEnforcers() const { return {}; }
  /** What pinned programs did while no agent ran, once they are taken over; null: none were. */
  virtual const UnattendedEnforcement* Unattended() const { return nullptr; }
  /** The reader goes on; called many times a second. */
  virtual void NoteAttended() {}
  /** Marks what is pinned as belonging to no settings until the next Enforce(). If this agent dies before, the next one
   * does not take over what was recorded of cgroups. */
  virtual void DisownPins() {}
  /** Loads the programs of these event types, which are not reported by that. */
  virtual Status Load(const std::vector<std::string>&) { return std::nullopt; }
  /** Changes the reported event types. */
  virtual Status Attach(const std::vector<std::string>& event_types) = 0;
  /** Detaches what these types do not need. The kernel may take seconds: after all else of a change. */
  virtual void Detach() {}

  /** Becomes readable when an event is committed while consumer_waiting was 1; -1 if not supported. */
  virtual int doorbell() const = 0;
  /** Makes it unreadable again. */
  virtual void ClearDoorbell() = 0;
  /** Statistics of each loaded program. */
  virtual std::vector<ProgramRuns> Programs() const { return {}; }
  /** Hooks that the kernel lacks or refuses. On the thread that starts it. */
  virtual std::vector<MissingHook> Missing() const { return {}; }
  /** Names of the BPF programs that are loaded. */
  virtual std::vector<std::string> Loaded() const { return {}; }
  /** Reports changes from outside, and restores what it can. On the thread that reads events. */
  virtual void Check(Findings*) {}
  /** The id of this process in records; 0 if unknown. */
  virtual uint32_t ThisProcess() { return 0; }
  /** The calling thread's id in records (event_header.tid); 0 if unknown. */
  virtual uint32_t ThisThread() { return 0; }
  /**
   * `exec_time` of the last image of a process, by its pidfd; empty where the process has ended, or the source knows
   * none. From any thread.
   */
  virtual std::optional<uint64_t> ExecTime(int) const { return std::nullopt; }
  /** Reports requests of io_uring that have completed silently. On the thread that reads events. */
  virtual void SettleRequests() {}

  /** What Open() has mapped. */
  SourceMemory& memory() { return memory_; }
  bool IsOpen() const { return memory_.lifecycle != nullptr; }

 protected:
  SourceMemory memory_;
};

}  // namespace wasprey
