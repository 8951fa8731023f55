// The BPF programs that are loaded, and the maps they share. Programs are loaded when an event type needs them first,
// on several threads at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "loading/bpf_object.h"
#include "loading/enforcement_pins.h"
#include "loading/program_set.h"
#include "source/event_source.h"

namespace wasprey {

enum class LoadPace {
  /** Somebody waits for the programs. */
  kFast,
  /** Nobody does: a single thread loads them. */
  kSparing,
};

class BpfPrograms {
 public:
  /** Nothing is loaded yet. on_call() is for the tracepoint of all calls. */
  explicit BpfPrograms(SetOptions options) : options_(std::move(options)) { UseFunctions({}); }

  /** Unloads all. From now on on_call() is for the exits of these functions; without any, for the tracepoint. */
  void UseFunctions(const std::vector<CallFunction>& functions);

  /** Makes the maps and loads the programs for events of those types. `size` is given the object before, to set the
   * sizes of the maps. Optional programs that the kernel refuses are left out. */
  Status Begin(const ProgramConstants& constants, const std::set<uint64_t>& event_types,
               const std::function<Status(BpfObject*)>& size);
  /** Whether all programs for events of those types are loaded. */
  bool Has(const std::set<uint64_t>& event_types) const { return Lacking(maps(), event_types).empty(); }
  /** Loads the missing ones of these. Returns when they are loaded. */
  Status LoadForEvents(const std::set<uint64_t>& event_types, LoadPace pace);
  /** Makes the maps of enforcement, if there are none; of those that are pinned, it takes what an agent before has
   * left. Returns whether it has taken any. */
  Result<bool> MakeEnforcementMaps(const PinSettings* pins);
  /** Descriptor of one of them; -1 without. */
  int EnforcementMapFd(const char* name) const { return enforcement_maps_ ? enforcement_maps_->MapFd(name) : -1; }
  /** Loads programs that enforce, but those that the kernel refuses. */
  Status LoadEnforcers(const std::set<std::string_view>& programs);
  /** Unloads them, with their maps. */
  void ForgetEnforcers();
  /** Why the kernel refuses a program, if it does. */
  std::optional<std::string> RefusalOf(std::string_view name) const;
  /** The programs that the kernel has refused so far. */
  std::vector<RefusedProgram> Refused() const;
  void Clear();

  /** Descriptor of a program that is loaded, of any set; -1: it is not. */
  int Find(std::string_view name) const;
  /** Names of all that are loaded. */
  std::vector<std::string> Names() const;
  std::vector<ProgramRuns> Runs() const;

  const std::vector<std::unique_ptr<ProgramSet>>& sets() const { return sets_; }
  bool has_maps() const { return maps_.has_value(); }
  /** After Begin(). */
  const BpfObject& maps() const { return *maps_; }

 private:
  /** Whether a set is to have a program. */
  using Chooser = std::function<bool(const ProgramSet& set, std::string_view program)>;
  struct LoadJob {
    const ReadyProgram* program;
    ProgramSet* set;
  };
  std::set<std::string_view> Lacking(const BpfObject& object, const std::set<uint64_t>& event_types) const;
  Status LoadNamed(const std::set<std::string_view>& programs, const Chooser& chooses, LoadPace pace);
  Status LoadIntoSets(const BpfObject& object, const std::vector<ReadyProgram>& ready, const Chooser& chooses,
                      LoadPace pace);
  Status RunJobs(const std::vector<LoadJob>& jobs, int table, LoadPace pace);
  static bool ReuseMaps(const BpfObject& object, const PinSettings& settings);
  int SharedMap(const char* name) const;

  SetOptions options_;
  ProgramConstants constants_{};
  std::optional<BpfObject> maps_;
  std::optional<BpfObject> enforcement_maps_;
  std::vector<std::unique_ptr<ProgramSet>> sets_;
};

/** Adds the kernel's statistics of a program. */
void AddRuns(int program, ProgramRuns* runs);

}  // namespace wasprey
